import re
import struct
import threading
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from elkmon.findings import Evidence, Status
from elkmon.presentation import charts

HOSTILE = ("<script>alert(1)</script>", "$\\frac{1}{", "a\nb", "機械学習" * 30, "\u202eevil", "\ud800", "")


def png_size(png):
    """Read width and height from the header of a PNG."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    assert png.endswith(b"IEND\xaeB`\x82")
    return struct.unpack(">II", png[16:24])


def test_plots_are_small_png(flights):
    """Each plot of a mail is a PNG of its proper size, below 40 kB."""
    for item in flights.a_digest().items:
        for chart in (charts.distribution(item.finding), charts.course(item.finding, item.history)):
            if chart is not None:
                png = chart.png()
                assert png_size(png) == (660, 450)
                assert len(png) < 40_000


def test_alternative_text_says_what_is_seen(flights):
    """Who cannot see the plot reads the figures in it."""
    item = flights.carriers()
    assert charts.distribution(item.finding).alt == (
        "carrier in the reference and in 5–11 August 2013: 2.6 % of rows are now “EV”, 17 % were before."
    )
    assert charts.course(item.finding, item.history).alt == (
        "carrier over 12 windows up to 5–11 August 2013: last 14.7 %, limit 8.1 %, beyond it in 3."
    )


def test_svg_takes_the_colours_of_its_page(flights):
    """No colour of the drawing is fixed, so it can be read in light and in dark mode; nothing is fetched from elsewhere."""
    for item in flights.a_digest().items:
        drawing = charts.course(item.finding, item.history).svg()
        ET.fromstring(drawing.replace("xlink:href", "href"))
        assert "var(--now)" in drawing
        assert set(re.findall(r"(?:fill|stroke): ?#[0-9a-f]{6}", drawing)) <= {"stroke: #000000", "fill: #000000"}
        assert not re.findall(r"(?:href|src)=\"(?!#)", drawing)


@pytest.mark.parametrize("name", HOSTILE)
def test_names_from_data_are_drawn_as_text(flights, name):
    """Markup, formulas and odd characters in names neither break a plot nor get into its markup; no warning is raised."""
    evidence = Evidence((name, "b", "other"), (50, 50, 0), (10, 90, 0))
    finding = flights.finding(
        replace(flights.CARRIER, name=name), Status.WARNING, measure="total_variation", unit="share of rows", value=0.4,
        limit=0.1, evidence=evidence,
    )  # fmt: skip
    for chart in (charts.distribution(finding), charts.course(finding, flights.history([0.1, 0.4], 0.2))):
        assert png_size(chart.png())
        drawing = chart.svg()
        ET.fromstring(drawing)
        assert "<script" not in drawing


def test_nothing_to_draw_is_no_plot(flights):
    """Without evidence there is no comparison, and one value is no course."""
    finding = flights.fallen().finding
    assert charts.distribution(finding) is None
    assert charts.course(finding, flights.history([0.7], 0.6)) is None
    assert charts.course(finding, flights.history([None, 0.7, None], 0.6)) is None


def test_odd_values_are_drawn_or_left_out(flights):
    """Infinite values are left out, equal ones and huge ones are drawn."""
    finding = flights.fallen().finding
    for values in ([float("inf"), 1.0, 2.0], [3.0, 3.0], [0.0, 0.0], [1e-300, 1e300], [-5.0, float("nan"), -6.0]):
        assert png_size(charts.course(finding, flights.history(values, 0.0)).png())


def test_latencies_are_drawn_in_milliseconds(flights):
    """They are stored in nanoseconds, which nobody reads."""
    nanoseconds = [10.0**power for power in (5, 5.5, 6, 6.5, 7, 7.5, 8)]
    evidence = Evidence(tuple("abcdefgh"), (0, 5, 20, 50, 20, 5, 0, 0), (0, 0, 5, 20, 50, 20, 5, 0), tuple(nanoseconds))
    chart = charts.distribution(flights.finding(flights.LATENCY, Status.WARNING, evidence=evidence))
    assert chart.alt.startswith("latency in ms in the reference")
    assert "75 % of rows are now 3.16 to 100, 25 % were before" in chart.alt


def test_plots_are_the_same_on_every_thread(flights):
    """Drawing keeps no global state: four threads at once draw what one draws."""
    item = flights.carriers()
    alone = charts.distribution(item.finding).png()
    drawn = []
    threads = [threading.Thread(target=lambda: drawn.append(charts.distribution(item.finding).png())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert drawn == [alone] * 4
