"""The table of three ways over the number of photos: the mean over the seeds, and the lowest and highest."""

from tools.benchmarks import seeds_photo_counts

ROW = {"images": "sandbox", "base": "mini_vgg16", "photos": 100, "seed": 0, "date": "2026-01-02"}
ROW |= {"recorded": 0.90, "augmented": 0.91, "fine-tuned": 0.92}


def test_the_table_gives_the_mean_of_the_seeds_and_their_range():
    lines = seeds_photo_counts.table([ROW, ROW | {"seed": 1, "recorded": 0.94}]).splitlines()
    assert lines[-1].endswith("| 100 | 0.920 (0.900 to 0.940) | 0.910 (0.910 to 0.910) | 0.920 (0.920 to 0.920) | 2 |")
