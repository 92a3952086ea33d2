"""The page of a profile in a real browser: finding, choosing, sorting and clicking change what is shown."""

import json
import re
import shutil
import subprocess

import numpy as np
import pandas as pd
import pytest

from opsmith.tools.contract import Context
from opsmith.tools.profile import profile

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PLAY = """<script>
const seen={},names=()=>[...document.querySelectorAll('.column')].map(c=>c.dataset.name);
const set=(id,v)=>{const e=by(id);e.value=v;e.dispatchEvent(new Event('input',{bubbles:true}))};
seen.all=names();set('q','gap');seen.found=names();set('q','');
set('kind','category');seen.kind=names();set('kind','');
set('sort','gaps');seen.gaps=names()[0];set('sort','name');seen.sorted=names();set('sort','file');
const press=[...by('sev').children].find(b=>b.textContent.startsWith('warning'));press.click();
seen.pressed=press.getAttribute('aria-pressed');seen.warnings=[...by('findings').children].map(l=>l.className);
by('findings').children[0].click();seen.hit=document.querySelector('.column.hit')?.dataset.name;
const drawing=document.querySelector('.column svg');drawing.dispatchEvent(new MouseEvent('click',{bubbles:true}));
seen.large=by('large').open;seen.bars=by('large').querySelectorAll('rect').length;
by('large').click();seen.closed=!by('large').open;
const bar=drawing.querySelector('rect');
bar.dispatchEvent(new MouseEvent('mousemove',{bubbles:true}));seen.tip=by('tip').textContent;
document.body.append(Object.assign(document.createElement('pre'),{id:'seen',textContent:JSON.stringify(seen)}));
</script></body>"""


@pytest.mark.browser
@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")
def test_searching_choosing_sorting_and_clicking_work(tmp_path):
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "zeta": rng.normal(size=400),
            "gappy": np.where(rng.random(400) < 0.3, np.nan, rng.normal(size=400)),
            "alpha": rng.choice(["x", "y", "z"], 400),
        }
    )
    frame.to_parquet(tmp_path / "t.parquet")
    (report,) = profile(dataset="t.parquet", context=Context(project=tmp_path)).files
    page = tmp_path / "played.html"
    page.write_text((tmp_path / report).read_text(encoding="utf-8").replace("</body>", PLAY), encoding="utf-8")
    shown = subprocess.run(
        [CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", f"--user-data-dir={tmp_path}/chromium", "--dump-dom",
         page.as_uri()],
        capture_output=True, text=True, timeout=120,
    ).stdout  # fmt: skip
    seen = json.loads(re.search(r'<pre id="seen">(.*?)</pre>', shown, re.DOTALL)[1].replace("&gt;", ">"))
    assert seen["all"] == ["zeta", "gappy", "alpha"] and seen["found"] == ["gappy"] and seen["kind"] == ["alpha"]
    assert seen["gaps"] == "gappy" and seen["sorted"] == ["alpha", "gappy", "zeta"]
    assert seen["pressed"] == "true" and set(seen["warnings"]) == {"warning"} and seen["hit"] == "gappy"
    assert seen["large"] is True and seen["bars"] > 5 and seen["closed"] is True and "rows" in seen["tip"]
