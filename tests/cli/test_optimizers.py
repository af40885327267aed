"""`motionrecon optimizers list`: parameter counts beside the paper's."""

from motionrecon.cli.main import run
from motionrecon.models.learned import catalog


def test_lists_every_rule_with_its_count(capsys):
    assert run(["optimizers", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    counts = {
        line.split()[0]: line.split()[1:3] for line in lines if line.split() and line.split()[0] in catalog.rule_names()
    }
    assert set(counts) == set(catalog.rule_names())
    assert counts["optimus"] == ["832,526", "832,526"]
    assert counts["optimus-no-structure"] == ["832,139", "832,139"]
    assert counts["adafactor-mlp"] == ["22,411", "22,411"]
    assert counts["adafactor-mlp-512x4"] == ["811,531", "811,531"]
