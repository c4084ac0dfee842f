"""Just-noticeable differences: what size of each signal a viewer barely sees.

Engineering values after the literature named at each line; seen at 3 picture heights (the height of
the picture is 18 degrees). They are to be replaced by a calibration against the world's planted
faults.
"""

LUMA_FLICKER = 0.009
"""rms log luminance at 4 to 15 Hz (de Lange 1958: 0.7 % for a large field; more in a picture)."""
FLASH_GAIN = 0.03
"""log luminance of a single deviating frame."""
FLASH_TINT = 2.3
"""CIELAB dE of a single frame (Mahy et al. 1994)."""
FLASH_RESIDUAL = 2.2
"""gray levels that a single frame differs from both neighbors beyond what they differ by."""
FLASH_SHARPNESS = 0.16
"""log gradient energy that a single frame loses or gains (8 % of the amplitude)."""
GRAIN = 1.3
"""gray levels of added noise at 360 lines (Chou & Li 1995, lowered for noise that moves)."""
STYLE = 1.6
"""length of the step in look, in units of the look's own thresholds."""
TONE = 3.2
"""CIELAB dE of a slow change (2.3 dE is just noticeable side by side, Mahy et al. 1994)."""
SHAKE_ARCMIN = 1.0
"""rms minutes of arc of camera tremble above 3 Hz: the acuity for a jump of something still."""
SHAKE_OF_SPEED = 0.06
"""Share of the camera's speed (per frame) that its tremble has to reach where it moves fast."""
REGION = 2.3
"""CIELAB dE by which a region steps (Mahy et al. 1994), times the root of the root of its share."""
SHADING = 0.06
"""rms log luminance of a slope of light that turns; six times a barely seen edge (Weber, 1 %)."""
BACKGROUND = 4.0
"""CIELAB dE by which all but one region of the picture steps; an engineering value."""
MOST = 15.0
"""No finding is called worse than this: 10 already ruins the shot."""
IDENTITY = 3.0
"""CIELAB dE, rms over a place, that its pattern and colors differ from its own a while before."""
PUMPING = 0.18
"""log gradient energy of the finest octaves that is lost and won again (9 % of the amplitude)."""
SEAM_TONE = 0.5
"""CIELAB dE by which the whole picture steps at once (1 % of luminance is 0.2 to 0.4)."""
SEAM_GRAIN = 0.35
"""gray levels of fine grain by which it steps at once."""
SEAM_TEXTURE = 0.12
"""log gradient energy of an octave, or log contrast of lightness, by which it steps at once."""
SEAM_ARCMIN = 1.0
"""minutes of arc by which the whole picture is displaced at once."""
COLOR_FLICKER = 1.1
"""CIELAB dE, rms, that the color of a place goes to and fro at an unchanged lightness."""
