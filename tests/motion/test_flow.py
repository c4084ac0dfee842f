"""Flow on a photograph under a known homography, and where it says that it cannot be trusted."""

import cv2
import numpy as np
import pytest

from benchmarks.footage import data_file
from evenflow.geometry.warp import pixel_grid
from evenflow.motion.flow import match


@pytest.fixture(scope="module")
def photo():
    path = data_file("skimage", "data", "astronaut.png")
    if path is None:
        pytest.skip("astronaut.png comes with the extra demo")
    return cv2.resize(cv2.imread(str(path), cv2.IMREAD_GRAYSCALE), (320, 240))


def test_the_flow_of_a_known_homography_is_within_half_a_pixel(photo):
    matrix = np.array([[1.01, 0.01, 3.0], [-0.01, 1.01, -2.0], [1e-5, 0, 1.0]])
    after = cv2.warpPerspective(photo, matrix, (320, 240), borderMode=cv2.BORDER_REFLECT)
    found = match(photo, after)
    grid = pixel_grid(240, 320).reshape(-1, 1, 2).astype(np.float64)
    truth = cv2.perspectiveTransform(grid, np.linalg.inv(matrix)) - grid
    error = np.linalg.norm(found.back - truth.reshape(240, 320, 2), axis=-1)
    inner = (slice(20, -20), slice(20, -20))
    assert np.median(error[inner]) < 0.15
    assert np.percentile(error[inner][found.valid[inner]], 90) < 0.5


def test_what_is_covered_has_no_counterpart(photo):
    after = photo.copy()
    after[80:160, 120:200] = np.random.default_rng(0).integers(0, 255, (80, 80), np.uint8)
    valid = match(photo, after).valid
    assert valid[90:150, 130:190].mean() < 0.4 < 0.95 < valid[:60].mean()


def test_confidence_follows_texture(photo):
    from evenflow.motion.flow import confidence

    flat = np.full((60, 80), 128, np.uint8)
    assert confidence(flat).max() == 0.0
    edge = flat.copy()
    edge[:, 40:] = 200  # an edge pins down one direction only
    corner = edge.copy()
    corner[30:] = 90
    assert confidence(edge)[10:50, 35:45].max() < 0.05 < confidence(corner)[25:35, 35:45].max()
    assert 0.0 <= confidence(photo).min() <= confidence(photo).max() < 1.0
