"""The report in a real browser, headless Chromium: charts, clicks, no error on its console, nothing fetched. Run by ./dev test-ecosystem."""
import json
import sys

import pytest

sys.path.append(str(__import__("harness").SOURCE / "tests/component"))
from report_test import PIPELINE, jpeg, made_evaluation, made_first_batch, made_large_run, made_run, training_rows   # noqa: E402

from harness import class_folders, torchport   # noqa: E402
from PIL import Image   # noqa: E402
from selenium import webdriver   # noqa: E402
from selenium.webdriver.chrome.service import Service   # noqa: E402


@pytest.fixture
def browser():
    options = webdriver.ChromeOptions()
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--window-size=1200,2000"):
        options.add_argument(argument)
    options.binary_location = "/usr/bin/chromium"
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service("/usr/bin/chromedriver"))
    yield driver
    driver.quit()


@pytest.mark.parametrize("categories", [3, 50])   # a matrix that is a table, and one that is drawn
def test_report(work, browser, categories):
    run, photo = made_run(work / "run"), work / "photo.png"
    (run / "metrics.jsonl").write_text("\n".join(training_rows(6, ranks=2)))
    made_first_batch(run, [{"category": "cat", "jpeg": jpeg("red")}, {"category": "cat", "share": .7, "blended_with": "dog", "jpeg": jpeg("blue")}])
    Image.new("RGB", (50, 50), (9, 99, 200)).save(photo)
    made_evaluation(run / "outputs/evaluation", [f"<b>{place}" for place in range(categories)], [(photo, 0, 1), (photo, 0, 1), (photo, 1, 2)])
    torchport("report", run, "-o", work / "page.html")
    browser.get((work / "page.html").as_uri())
    assert browser.execute_script("return Chart.getChart('chart-1').data.datasets.map(set => set.data.length)") == [6, 6]
    drawn = "const c = document.getElementById('chart-0'); return c.getContext('2d').getImageData(0, 0, c.width, c.height).data.some(v => v > 0)"
    assert browser.execute_script(drawn), "the chart is empty"
    seen = browser.execute_script("return [...document.querySelectorAll('.seen')].map(f => [f.querySelector('img').naturalWidth, f.querySelector('img').clientHeight > 20, f.innerText.trim()])")
    assert seen == [[40, True, "cat"], [40, True, "70 % cat + 30 % dog"]], seen
    browser.execute_script("document.querySelector('[data-show=\"0:0:1\"]').click()")
    examples = "return [document.querySelectorAll('#examples-0 img').length, document.querySelectorAll('#examples-0 li').length]"
    assert browser.execute_script(examples) == [2, 2]
    shares = "const c = Chart.getChart('chart-6'); return [c.options.scales.x.stacked, c.scales.y.max]"
    assert browser.execute_script(shares) == [True, 100], "shares of time do not end at 100 percent"
    if categories <= 30:
        said = browser.execute_script("document.querySelector('[data-show=\"0:1:1\"]').click(); return document.getElementById('examples-0').innerText")
        assert "This page has pictures of mistakes only." in said, said
    if categories > 30:
        browser.execute_script("const c = document.getElementById('matrix-0'), b = c.getBoundingClientRect(); c.dispatchEvent(new MouseEvent('click', "
                               "{clientX: b.left + b.width * 2.5 / 50, clientY: b.top + b.height * 1.5 / 50}))")
        assert browser.execute_script(examples) == [1, 1]
    assert browser.get_log("browser") == []
    events = [json.loads(entry["message"])["message"] for entry in browser.get_log("performance")]
    fetched = [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]
    assert fetched[0].endswith("page.html") and all(url.startswith("data:") for url in fetched[1:]), fetched


def test_a_narrow_and_a_dark_screen(work, browser):
    """Of a pipeline: nothing is out of sight but what its box scrolls, no word is broken, and the graph has the screen's colours."""
    class_folders(work / "in", each=4)
    (work / "p.yaml").write_text(PIPELINE + "  others:\n    component: convert_to_image_directory\n    inputs: {input: ./in}\n")
    torchport("run", "p.yaml", cwd=work)
    for width, scheme in ((390, "light"), (1280, "dark")):
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500})
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]})
        browser.get((work / "runs/p-1/report.html").as_uri())
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width, "the page is wider than the screen"
        links = browser.execute_script("return [...document.querySelectorAll('.steps a, .steps .state')].map(a => [a.innerText, a.getBoundingClientRect().right, a.getClientRects().length])")
        assert len(links) > 10 and all(right <= width and lines == 1 for _, right, lines in links), links
        text, box, svg = browser.execute_script("const g = document.getElementById('graph'); return [g.querySelector('text').getBoundingClientRect().height, "
                                                "g.clientWidth, g.querySelector('svg').getBoundingClientRect().width]")
        assert text >= 9 and (svg > box if width == 390 else svg <= box), (text, box, svg)
        look = browser.execute_script("const g = document.getElementById('graph'); return [getComputedStyle(g).backgroundColor, getComputedStyle(g.querySelector('svg')).filter, "
                                      "getComputedStyle(g.querySelector('svg > g > polygon')).fill]")
        assert look == [["rgb(245, 245, 247)", "none", "none"], ["rgb(32, 34, 38)", "invert(0.9) hue-rotate(180deg)", "none"]][scheme == "dark"], look
    assert browser.get_log("browser") == []


def test_a_large_report_opens_at_once(work, browser):
    """From the address to the load event, scripts and charts included: the least of three times, as the machine may have other work."""
    made_large_run(work)
    torchport("report", "run", "-o", work / "page.html", cwd=work)
    size, times = (work / "page.html").stat().st_size, []
    for _ in range(3):
        browser.get((work / "page.html").as_uri())
        browser.execute_script("return new Promise(done => requestAnimationFrame(() => setTimeout(done, 0)))")
        times.append(browser.execute_script("return performance.now()") / 1000)
    print(f"{size / 1e6:.2f} MB, {min(times):.2f} s")
    assert browser.execute_script("return document.querySelectorAll('canvas').length") > 5 and browser.get_log("browser") == []
    assert size <= 5_000_000 and min(times) <= 2, (size, times)
