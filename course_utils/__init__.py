"""What the notebooks of the course import: getting the photos, loading them, the bases, plots and checks."""

import importlib
import os

from course_utils import settings
from course_utils.tensorflow_start import silence_tensorflow_start

# TensorFlow reads this once, when it is first imported: 3 leaves its errors and drops its start-up lines.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
# TensorFlow turns its faster convolutions (oneDNN) on by itself only where AVX512 is found; without AVX512 they
# train the scratch CNN 1.6 times as fast as well (processor time, measured on an AMD EPYC of 2 cores).
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
silence_tensorflow_start()

_MODULE_OF = {
    "CourseError": "errors",
    "epochs": "training",
    "fetch_photos": "photos",
    "clean_photos": "photos",
    "source_of": "photos",
    "fetch_flowers": "photos",
    "clean_flowers": "photos",
    "flower_source": "photos",
    "photo_paths": "images",
    "readable_photos": "images",
    "load_photos": "images",
    "load_base": "bases",
    "record_features": "bases",
    "cut_before_last_block": "bases",
    "unfreeze": "bases",
    "on_photos": "bases",
    "show_photos": "plots",
    "plot_history": "plots",
    "plot_comparison": "plots",
    "show_mistakes": "plots",
    "show_maps": "plots",
    "show_parts": "plots",
    "fastest_precision": "training",
    "keep_model": "training",
    "earlier_model": "training",
    "carry_models": "training",
    "keep_results": "results",
    "pack_submission": "assignments.packing",
    "check_answer": "your_turn",
    "check": "checks",
    "check_images": "checks",
    "check_labels": "checks",
    "check_accuracy": "checks",
    "accuracy_interval": "checks",
    "gained_and_lost": "checks",
    "difference_interval": "checks",
}

__all__ = sorted(_MODULE_OF)


def __getattr__(name):
    # Loaded on first use: importing the package must be quick, and must work before anything is installed.
    if name not in _MODULE_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    settings.require_keras_as_the_course_needs_it()
    try:
        module = importlib.import_module(f"{__name__}.{_MODULE_OF[name]}")
    except AttributeError as error:
        # Python would take it for a missing name, and hide what is broken.
        raise ImportError(f"course_utils.{_MODULE_OF[name]} cannot be loaded (AttributeError: {error}).") from error
    return getattr(module, name)


def __dir__():
    return __all__
