"""The semantic checker: every broken file is found with its line and a fix, and well-formed files give no word."""

import json
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from opsmith.tools.compute.deployment.checks.documents import instructions, read_documents, read_tree
from opsmith.tools.compute.deployment.checks.run import faults, faults_of
from opsmith.tools.compute.deployment.checks.secrets import looks_secret

DATA = Path(__file__).parents[3] / "data" / "deployments"
GOOD = yaml.safe_load((DATA / "well_formed.yaml").read_text())
BROKEN = yaml.safe_load((DATA / "broken.yaml").read_text())


def put(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def broken(case: dict) -> tuple[str, int]:
    """(text with the change, line that the fault must name)."""
    text = GOOD[case["set"]][case["file"]]
    start = text.index(case.get("after", ""))
    old, new = case.get("replace") or (case.get("old", ""), case.get("new", ""))
    if old or new:
        assert old in text[start:], f"{old!r} is not in the file"
        text = text[:start] + text[start:].replace(old, new, 1)
    text += case.get("append", "")
    marker = case.get("at") or new.strip("\n").splitlines()[0]
    assert marker in text
    if case.get("append"):
        return text, text[: text.rindex(marker)].count("\n") + 1
    place = text.find(marker, start) if marker in text[start:] else text.index(marker)
    return text, text[:place].count("\n") + 1


def test_there_are_enough_broken_files():
    assert len(BROKEN) >= 80 and len({c["rule"] for c in BROKEN}) >= 50


@pytest.mark.parametrize("name", GOOD)
def test_well_formed_files_give_no_word(name, tmp_path):
    assert faults(put(tmp_path, GOOD[name])) == []


THIRD_PARTY = sorted(p.name for p in (DATA / "third_party").iterdir())


@pytest.mark.parametrize("name", THIRD_PARTY)
def test_manifests_of_public_projects_give_no_word(name):
    tree = read_tree(DATA / "third_party" / name)
    assert tree.objects and faults_of(tree) == []


def test_a_node_port_of_zero_lets_kubernetes_choose(tmp_path):
    service = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\n"
    service += "spec: {type: NodePort, ports: [{port: 80, nodePort: NUMBER}]}\n"
    assert faults(put(tmp_path, {"a.yaml": service.replace("NUMBER", "0")})) == []
    assert [f.rule for f in faults(put(tmp_path, {"a.yaml": service.replace("NUMBER", "80")}))] == ["port-out-of-range"]


@pytest.mark.parametrize("case", BROKEN, ids=lambda c: f"{c['rule']}-{c['set']}")
def test_a_broken_file_is_found_with_its_line_and_a_fix(case, tmp_path):
    text, line = broken(case)
    found = faults(put(tmp_path, {**GOOD[case["set"]], case["file"]: text}))
    mine = [f for f in found if f.rule == case["rule"]]
    assert mine, f"not found; found {found}"
    assert any((f.path, f.line) == (case["file"], line) for f in mine), (line, mine)
    assert all(f.fix and f.message.endswith(".") for f in mine)
    if case.get("also") != "any":
        assert {f.rule for f in found} <= {case["rule"], case.get("also")}


RECORD = {"version": 1, "image": "app:v2", "sizing": {"memory": "300Mi", "memory_limit": "384Mi", "cold_start_s": 12.0}}
POD = """
apiVersion: apps/v1
kind: Deployment
metadata: {name: app}
spec:
  selector: {matchLabels: {app: app}}
  template:
    metadata: {labels: {app: app}}
    spec:
      securityContext: {runAsNonRoot: true}
      containers:
        - name: app
          image: app:v2
          ports: [{containerPort: 8080}]
          resources:
            limits: {memory: 384Mi}
          startupProbe: {httpGet: {path: /, port: 8080}, periodSeconds: 2, failureThreshold: 20}
"""
DOCKERFILE = "FROM python:3.11-slim\nEXPOSE 8080\nUSER 10001:10001\n"
COMPOSE = "services:\n  app:\n    image: app:v2\n    build: .\n    ports: ['127.0.0.1:8080:8080']\n"
WHOLE = {"opsmith-deploy.yaml": yaml.safe_dump(RECORD), "pod.yaml": POD, "Dockerfile": DOCKERFILE, "compose.yaml": COMPOSE,
         "scripts/settings.env": "NAME=app\nPORT=8080\n"}  # fmt: skip


def test_files_of_one_deployment_that_agree_give_no_word(tmp_path):
    assert faults(put(tmp_path, WHOLE)) == []


@pytest.mark.parametrize(
    ("rule", "file", "old", "new", "named"),
    [("memory-below-measured", "pod.yaml", "384Mi", "256Mi", "pod.yaml"),
     ("start-budget-short", "pod.yaml", "failureThreshold: 20", "failureThreshold: 3", "pod.yaml"),
     ("port-disagrees", "Dockerfile", "EXPOSE 8080", "EXPOSE 7000", "pod.yaml"),
     ("port-disagrees", "scripts/settings.env", "PORT=8080", "PORT=9000", "scripts/settings.env"),
     ("image-disagrees", "compose.yaml", "app:v2", "app:v1", "compose.yaml"),
     ("image-disagrees", "pod.yaml", "app:v2", "app:v3", "pod.yaml"),
     ("user-not-numeric", "Dockerfile", "USER 10001:10001", "USER appuser", "Dockerfile"),
     ("user-is-root", "Dockerfile", "USER 10001:10001\n", "", "Dockerfile")],
)  # fmt: skip
def test_what_must_agree_across_files_is_compared(rule, file, old, new, named, tmp_path):
    found = faults(put(tmp_path, {**WHOLE, file: WHOLE[file].replace(old, new)}))
    assert (rule, named) in {(f.rule, f.path) for f in found}


def test_an_old_cluster_still_serves_what_a_new_one_does_not(tmp_path):
    text = GOOD["shop"]["shop.yaml"].replace("autoscaling/v2\n", "autoscaling/v2beta2\n")
    put(tmp_path, {"shop.yaml": text})
    assert [f.rule for f in faults(tmp_path, 26)] == ["api-removed"]
    assert faults(tmp_path, 25) == []


def test_a_helm_template_is_said_to_be_unread(tmp_path):
    assert "Helm" in read_tree(put(tmp_path, GOOD["chart"])).unread[0]


@pytest.mark.parametrize(
    ("name", "value", "secret"),
    [("DB_PASSWORD", "hunter2", True), ("dbPassword", "hunter2", True), ("DB_PASSWORD", "${DB_PASSWORD}", False),
     ("DB_PASSWORD_FILE", "/run/secrets/x", False), ("TOKEN_TTL", "3600", False), ("MONKEY", "banana", False),
     ("X", "ghp_" + "a" * 36, True), ("SECRET_NAME", "shop", False), ("API_KEY", "", False), ("API_KEY", "<your key>", False)],
)  # fmt: skip
def test_secrets_are_told_from_what_only_sounds_like_one(name, value, secret):
    assert looks_secret(name, value) is secret


def test_a_secret_s_value_is_never_quoted(tmp_path):
    found = faults(put(tmp_path, {"Dockerfile": "FROM a:1\nENV TOKEN=verysecretvalue\n", "c.env": "X=1\n"}))
    assert [f.rule for f in found] == ["secret-in-env"] and "verysecret" not in str(found)


def test_instructions_are_joined_over_comments_and_lines():
    lines = instructions("# c\nFROM a \\\n  # note\n  AS b\n\nRUN x &&\\\n y\n")
    assert [(i.line, i.word, i.rest.split()) for i in lines] == [
        (2, "FROM", ["a", "AS", "b"]),
        (6, "RUN", ["x", "&&", "y"]),
    ]


def test_aliases_of_aliases_do_not_fill_the_memory():
    text = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{b}: &{b} [{','.join(['*' + a] * 10)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True)
    )
    documents, found = read_documents(text, "bomb.yaml")
    assert documents == [] and found[0].rule == "yaml-unreadable"


WHOLE_SETS = sorted(n for n in GOOD if n not in ("chart", "goapp"))
JUNK = st.sampled_from([None, True, -1, 0, 99999, "", "x", "a:b", "10XB", [], {}, [1], ["a"], [[]], [{}], {"a": 1}, {"name": []},
                        {"name": {}}, [{"name": ["x"]}], 1.5, "${X}", {"name": "x", "port": {"number": []}}])  # fmt: skip


def places(value, at=()):
    yield at
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, one in inner:
        yield from places(one, (*at, key))


@settings(max_examples=60, deadline=None)
@given(data=st.data(), name=st.sampled_from(WHOLE_SETS), junk=JUNK)
def test_no_shape_of_a_file_breaks_the_checker(data, name, junk, tmp_path_factory):
    files = {n: t for n, t in GOOD[name].items() if n.endswith((".yaml", ".json")) and "!Ref" not in t}
    file = data.draw(st.sampled_from(sorted(files)))
    documents = list(yaml.safe_load_all(files[file]))
    number = data.draw(st.integers(0, len(documents) - 1))
    at = data.draw(st.sampled_from(list(places(documents[number]))))
    if at:
        inner = documents[number]
        for key in at[:-1]:
            inner = inner[key]
        inner[at[-1]] = junk
    else:
        documents[number] = junk
    folder = put(tmp_path_factory.mktemp("odd"), {**GOOD[name], file: yaml.safe_dump_all(documents)})
    assert all(f.line >= 1 for f in faults_of(read_tree(folder)))


RENDERED = yaml.safe_load((DATA / "broken_rendered.yaml").read_text())


@pytest.mark.parametrize("name", RENDERED["sets"])
def test_files_as_other_tools_write_them_give_no_word(name, tmp_path):
    assert faults(put(tmp_path, RENDERED["sets"][name])) == []


@pytest.mark.parametrize("case", RENDERED["cases"], ids=lambda c: c["name"])
def test_a_change_that_breaks_such_a_file_is_found(case, tmp_path):
    text = RENDERED["sets"][case["set"]].get(case["file"], "")
    assert case["old"] in text
    files = {**RENDERED["sets"][case["set"]], case["file"]: text.replace(case["old"], case["new"], 1)}
    found = faults(put(tmp_path, files))
    place = case.get("named", case["file"])
    mine = [f for f in found if (f.path, f.line, f.rule) == (place, case["line"], case["rule"])]
    assert mine and all(f.fix and f.message.endswith(".") for f in mine), found


@pytest.mark.parametrize("layout", ["json", "list", "files"])
def test_the_layout_does_not_hide_a_fault(layout, tmp_path):
    """JSON, a List, one file an object: what is broken is found in each, and nothing else."""
    objects = list(yaml.safe_load_all(RENDERED["sets"]["rendered"]["all.yaml"]))

    def written(items: list[dict]) -> dict[str, str]:
        whole = {"apiVersion": "v1", "kind": "List", "items": items}
        made = {"json": {"all.json": json.dumps(whole, indent=1)}, "list": {"all.yaml": yaml.safe_dump(whole)}}
        return made.get(layout) or {f"{n}.yaml": yaml.safe_dump(o) for n, o in enumerate(items)}

    assert faults(put(tmp_path / "good", written(objects))) == []
    scaler = next(o for o in objects if o["kind"] == "HorizontalPodAutoscaler")
    scaler["spec"]["minReplicas"] = 80
    (only,) = faults(put(tmp_path / "bad", written(objects)))
    line = (tmp_path / "bad" / only.path).read_text().splitlines()[only.line - 1]
    assert only.rule == "scaler-limits-crossed" and "80" in line


def test_here_documents_of_a_dockerfile_are_no_instructions():
    told = instructions("FROM a:1\nRUN <<EOF\napt-get update\nEOF\nUSER 1\n")
    assert [i.word for i in told] == ["FROM", "RUN", "USER"]
