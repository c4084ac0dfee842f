"""What a prompt announces is no finding, once or as long as it says."""

import pytest

from evenflow.continuity.announced import unannounced
from evenflow.core.finding import Finding
from evenflow.core.span import Span


def seen(kind, start=10, end=20, severity=4.0):
    return Finding(Span(kind, start, end), start, start / 24, end / 24, severity, 0.9, "", {}, ())


@pytest.mark.parametrize(
    ("prompt", "kind"),
    [
        ("a cube turns blue", "color_change"),
        ("the ball slowly becomes green", "identity_drift"),
        ("The lamp blinks.", "color_flicker"),
        ("lightning flashes twice", "image_flicker"),
        ("a man walks while the light dims", "drift"),
        ("the sun sets", "drift"),
        ("a cloud passes in front of the moon", "lighting_flicker"),
        ("the camera shakes", "shake"),
        ("a handheld shot of a street", "shake"),
        ("it is shot on grainy film", "high_frequency_noise"),
        ("the focus is pulled from front to back", "sharpness_pumping"),
        ("the camera whip pans left", "unnatural_jump"),
        ("a cube slides to the right and then stops", "freeze"),
    ],
)
def test_what_is_announced_is_left_out_and_told(prompt, kind):
    kept, told = unannounced([seen(kind)], prompt)
    assert kept == ()
    assert len(told) == 1 and kind in told[0] and "10-19" in told[0]


@pytest.mark.parametrize(
    ("prompt", "kind"),
    [
        (None, "color_change"),
        ("a blue cube turns", "color_change"),
        ("the man turns to the left", "color_change"),
        ("the camera stays still", "freeze"),
        ("the camera does not shake", "shake"),
        ("the cube turns blue", "subject_swap"),
        ("the cube turns blue", "teleportation"),
        ("a man in blue walks past a lamp", "lighting_flicker"),
    ],
)
def test_what_is_not_announced_stays(prompt, kind):
    found = [seen(kind)]
    assert unannounced(found, prompt) == (tuple(found), ())


def test_what_happens_once_accounts_for_the_worst_alone():
    small, large = seen("color_change", severity=3.0), seen("color_change", 40, 50, 8.0)
    kept, told = unannounced([small, large], "the cube turns blue")
    assert kept == (small,) and len(told) == 1
    kept, told = unannounced([small, large], "the cube turns blue, then the ball turns red")
    assert kept == () and len(told) == 2


def test_what_goes_on_accounts_for_all():
    found = [seen("high_frequency_noise"), seen("high_frequency_noise", 40, 50)]
    assert unannounced(found, "grainy film")[0] == ()
