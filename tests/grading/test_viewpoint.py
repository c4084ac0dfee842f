import numpy as np
import pytest

from evenflow.grading import ground, viewpoint


def test_the_horizon_is_the_row_where_the_ground_ends():
    picture = np.full((3, 96, 128, 3), 200, np.uint8)
    picture[:, 30:] = 150
    free = np.ones((3, 96, 128), bool)
    assert viewpoint.horizon(picture, free) == pytest.approx(30, abs=0.6)
    assert np.isnan(viewpoint.horizon(np.full((2, 64, 64, 3), 90, np.uint8), free[:2, :64, :64]))


@pytest.mark.parametrize("height", [1.2, 2.4])
def test_things_of_known_sizes_give_the_height_of_the_camera(height):
    size = (160, 120)
    truth = viewpoint.camera_at(height, 24.0, size, 1)
    seen = []
    for kind, half, x, z in (("ball", 0.46, 0.5, 5.0), ("cube", 0.42, -1.0, 6.5),
                             ("cone", 0.348, 1.2, 4.5)):  # fmt: skip
        place = np.array([x, half, z])
        ends = ground.profile(truth, 0, place, half, kind)
        ends[:, 0] = ground.projected(truth, 0, place[None])[0, 0]
        seen.append((kind, ends[0], ends[1]))
    found = viewpoint.fitted(24.0, seen, size, 3)
    assert found is not None and len(found.intrinsics) == 3
    pose = found.world_to_camera[0].astype(float)
    assert (-pose[:3, :3].T @ pose[:3, 3])[1] == pytest.approx(height, rel=0.06)


def test_without_things_or_horizon_there_is_no_camera():
    assert viewpoint.fitted(float("nan"), [], (64, 64), 1) is None
    assert viewpoint.fitted(20.0, [], (64, 64), 1) is None
