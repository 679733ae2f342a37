"""Look inside a model: its feature maps, maps of what speaks for an answer, a test of such maps, and calibration."""

from course_utils.explain.calibration import calibrated, fit_temperature
from course_utils.explain.heat import grad_cam, hires_cam, maps_and_slopes, margins, occlusion_map, overlay
from course_utils.explain.hiding import blur_in, brightest, mean_colour_in, mean_with_interval, moved_at_random
from course_utils.explain.layers import dense_layers, layer_outputs, map_layers, most_exciting

__all__ = [
    "blur_in",
    "brightest",
    "calibrated",
    "dense_layers",
    "fit_temperature",
    "grad_cam",
    "hires_cam",
    "layer_outputs",
    "map_layers",
    "maps_and_slopes",
    "margins",
    "mean_colour_in",
    "mean_with_interval",
    "most_exciting",
    "moved_at_random",
    "occlusion_map",
    "overlay",
]
