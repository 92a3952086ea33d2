"""The running service: answers like the model, refuses clearly, is measured, and stops cleanly."""

import socket
import sys
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from opsmith.tools.compute.deployment import export
from opsmith.tools.data import registry

from .running import Service


@pytest.fixture(scope="module")
def service(churn):
    with Service(churn.folder) as started:
        yield started


@pytest.fixture(scope="module")
def rows(churn):
    frame, _ = export.sample_rows(churn.card, churn.project, 60)
    frame = frame.dropna().head(40).reset_index(drop=True)
    said, chances = export.answers_of(registry.load(churn.card), frame)
    return export.as_json_rows(frame), said.tolist(), chances[:, 1].tolist()


def test_predictions_are_those_of_the_model(service, rows):
    asked, labels, scores = rows
    status, body, _ = service.post("/predict", {"rows": asked}, **{"X-Request-ID": "call-7"})
    assert status == 200
    assert (body["model"], body["version"]) == ("model_1", "3")
    assert [p["prediction"] for p in body["predictions"]] == labels
    assert [p["score"] for p in body["predictions"]] == pytest.approx(scores, abs=1e-4)
    assert body["predictions"][5]["request_id"] == "call-7-5"


def test_one_row_may_come_bare_or_in_a_list(service, rows):
    row, label = rows[0][0], rows[1][0]
    for body in (row, [row], {"rows": [row]}):
        assert service.post("/predict", body)[1]["predictions"][0]["prediction"] == label


def test_the_open_inference_paths_answer_alike(service, rows):
    asked, labels, scores = rows
    assert service.get("/v2/health/live")[1] == {"live": True}
    assert service.get("/v2/health/ready")[0] == 200
    about = service.get("/v2/models/model_1")[1]
    assert about["platform"] == "onnx_onnxv1"
    assert {i["name"] for i in about["inputs"]} == set(asked[0])
    tensors = [{"name": i["name"], "datatype": i["datatype"], "shape": [len(asked), 1],
                "data": [[r[i["name"]]] for r in asked]} for i in about["inputs"]]  # fmt: skip
    status, body, _ = service.post("/v2/models/model_1/versions/3/infer", {"id": "x1", "inputs": tensors})
    assert (status, body["id"]) == (200, "x1")
    assert body["outputs"][0] == {"name": "prediction", "datatype": "BYTES", "shape": [40], "data": labels}
    assert body["outputs"][1]["data"][1::2] == pytest.approx(scores, abs=1e-4)
    assert service.post("/v2/models/other/infer", {"inputs": tensors})[0] == 404
    tensors[0]["shape"] = [3]
    status, body, _ = service.post("/v2/models/model_1/infer", {"inputs": tensors})
    assert status == 422 and "does not fit 40 values" in body["error"]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"tenure": "abc"}, "row 0, tenure: expected a number, got the text 'abc'"),
        ({"tenure": None}, "must not be missing"),
        ({"Contract": 3.5}, "row 0, Contract: expected text, got 3.5"),
        ({"Contract": {"a": 1}}, "expected text, got an object"),
        ({"Contrakt": "x"}, "is no input of this model; did you mean Contract?"),
        ({"tenure": 1e39}, "finite number"),
    ],
)
def test_a_row_that_the_model_cannot_take_is_refused_with_row_column_and_reason(service, rows, change, told):
    status, body, _ = service.post("/predict", {"rows": [{**rows[0][0], **change}]})
    assert status == 422
    assert any(told in f"row {p['row']}, {p['column']}: {p['problem']}" for p in body["problems"]), body


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"{", "no JSON"), (b"", "no JSON"), (b"[" * 100_000, "no JSON"), (b'{"rows": []}', "no rows"), (b"[NaN]", "no JSON"),
        (b'{"rows": [1]}', "expected an object"), (b"\xff\xfe", "no JSON"), (b"null", "expected an object"),
    ],
)  # fmt: skip
def test_any_other_body_is_refused_in_a_sentence(service, body, told):
    status, answer, _ = service.post("/predict", body)
    assert status == 422
    assert told in answer["error"]


def test_too_many_rows_and_too_large_bodies_are_refused(service, rows):
    status, body, _ = service.post("/predict", {"rows": [rows[0][0]] * 1001})
    assert status == 422 and "at most 1,000" in body["error"]
    status, body, _ = service.post("/predict", b" " * ((1 << 20) + 1))
    assert status == 413 and "1,048,576 bytes" in body["error"]


@pytest.mark.parametrize("declared", [True, False])
def test_who_still_uploads_a_refused_body_is_told_why(service, declared):
    """The service used to close the connection in mid-upload: the sender saw a broken pipe and no reason."""
    parts, part = 12, b" " * (1 << 18)
    head = f"Content-Length: {parts * len(part)}" if declared else "Transfer-Encoding: chunked"
    with socket.create_connection(("127.0.0.1", service.port), timeout=20) as line:
        line.sendall(f"POST /predict HTTP/1.1\r\nHost: here\r\n{head}\r\n\r\n".encode())
        for _ in range(parts):
            line.sendall(part if declared else b"%x\r\n%b\r\n" % (len(part), part))
            time.sleep(0.01)  # a slow line: the refusal is written long before the body has ended
        if not declared:
            line.sendall(b"0\r\n\r\n")
        answer = b""
        while got := line.recv(4096):
            answer += got
    assert answer.startswith(b"HTTP/1.1 413") and b"send fewer rows" in answer


def test_metrics_count_what_happened(service, rows):
    before = service.get("/metrics")[1]
    service.post("/predict", {"rows": [{**rows[0][0], "Contract": "Never heard of"}]})
    text = service.get("/metrics")[1]

    def value(page, line):
        return next((float(x.rsplit(" ", 1)[1]) for x in page.splitlines() if x.startswith(line)), 0.0)

    assert value(text, "model_rows_total") == value(before, "model_rows_total") + 1
    assert value(text, 'model_unseen_values{column="Contract"}') >= 1
    assert value(text, 'model_requests_total{path="/predict",status="422"}') > 0
    assert value(text, "process_cpu_seconds_total") > 0


def test_a_quantity_is_predicted_as_a_number(charges):
    frame, _ = export.sample_rows(charges.card, charges.project, 20)
    said, _ = export.answers_of(registry.load(charges.card), frame)
    with Service(charges.folder) as started:
        got = started.post("/predict", {"rows": export.as_json_rows(frame)})[1]["predictions"]
        assert [p["prediction"] for p in got] == pytest.approx(said.tolist(), rel=1e-4)
        assert "score" not in got[0]
        assert started.get("/v2/models/model_1")[1]["outputs"] == [
            {"name": "prediction", "datatype": "FP64", "shape": [-1]}
        ]


def test_overload_is_refused_at_once_with_a_time_to_come_back(churn, rows):
    """More at once than may wait: some get 503 with Retry-After, the others are answered."""
    body = {"rows": rows[0] * 20}
    with Service(churn.folder, MAX_QUEUE="1") as started, ThreadPoolExecutor(24) as pool:
        got = list(pool.map(lambda _: started.post("/predict", body), range(120)))
    refused = [g for g in got if g[0] == 503]
    assert refused, "nothing was refused"
    assert {g[0] for g in got} == {200, 503}
    assert all(g[2]["retry-after"] == "1" for g in refused)


def test_it_stops_cleanly_and_its_log_lines_are_json(churn):
    with Service(churn.folder) as started:
        code, lines = started.stop()
    assert code == 0
    assert [line["message"] for line in lines] == ["ready", "stopped"]


@pytest.mark.parametrize(
    ("file", "change", "told"),
    [
        ("model/model.onnx", lambda b: b[:-1] + b"\x00", "not the file that was checked"),
        ("model/manifest.json", lambda b: b.replace(b'"onnxruntime": "', b'"onnxruntime": "0.'), "was checked with 0."),
        ("model/manifest.json", lambda b: b.replace(b'"format": "onnx"', b'"format": "pkl"'), "never loaded"),
        ("model/manifest.json", lambda b: b[:50], "cannot be read"),
    ],
)
def test_it_does_not_start_with_anything_but_the_model_that_was_checked(churn, tmp_path, file, change, told):
    import shutil
    import subprocess

    shutil.copytree(churn.folder, tmp_path / "s")
    path = tmp_path / "s" / file
    path.write_bytes(change(path.read_bytes()))
    done = subprocess.run(
        [sys.executable, "-m", "service"], cwd=tmp_path / "s", capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 1
    assert told in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
