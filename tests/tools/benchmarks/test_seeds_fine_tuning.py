"""The table of fine-tuning over seeds: one row a seed, an exact test of its own in each, nothing added up."""

from tools.benchmarks import seeds_fine_tuning

ROW = {
    "images": "sandbox",
    "base": "mini_vgg16",
    "seed": 0,
    "frozen": 0.952,
    "fine_tuned": 0.954,
    "gained": 11,
    "lost": 9,
    "chance": 0.82,
    "low": -0.0068,
    "high": 0.0108,
    "date": "2026-01-02",
}


def test_the_table_gives_each_seed_its_counts_and_its_interval():
    lines = seeds_fine_tuning.table([ROW, ROW | {"seed": 1, "gained": 8}]).splitlines()
    assert "| 0 | 0.952 | 0.954 | 11 | 9 | 0.82 | -0.007 to +0.011 |" in lines[-2]
    assert "| 1 | 0.952 | 0.954 | 8 | 9 |" in lines[-1]
