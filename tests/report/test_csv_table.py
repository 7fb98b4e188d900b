"""CSV tables of reports: people open them in a spreadsheet."""

import csv
import io

import pytest

from tfnews.errors import still
from tfnews.report.csv_table import render


@pytest.mark.parametrize("name", ["=cmd|' /C calc'!A0", "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_name_is_no_formula(name):
    """Names of runs, sets and columns are others'; a spreadsheet once computed them."""
    read = csv.reader(io.StringIO(render([name], [[name]]), newline=""))
    assert list(read) == [[f"'{still(name)}"]] * 2


def test_numbers_and_other_names_are_as_they_are():
    table = render(["model", "difference", "p"], [["a=b", -0.5, None], ["tfidf-1", True, 1e-5]])
    assert table == "model,difference,p\na=b,-0.5,\ntfidf-1,True,1e-05\n"
