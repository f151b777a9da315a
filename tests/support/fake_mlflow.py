"""A small server that answers as MLflow's does, where it is asked to: late, with errors, with half an answer."""
import base64
import contextlib
import http.server
import json
import re
import threading
import urllib.parse


class FakeMlflow:
    """`fault(method, path)` says what goes wrong with a request: None, "silent", "half" (it is done, but half of the answer comes), or a status."""

    def __init__(self):
        self.experiments, self.runs, self.artifacts, self.asked, self.batches = {"Default": "0"}, {}, {}, [], 0
        self.fault = lambda method, path: None
        self.wants = None   # the header Authorization
        self.artifact_root = "mlflow-artifacts:/"
        self.changed, self.closing = threading.Condition(), threading.Event()

    def wait_for(self, what, seconds=20):
        """Until the server's state is so."""
        with self.changed:
            assert self.changed.wait_for(lambda: what(self), seconds), (self.asked, self.runs)

    def only_run(self):
        run, = self.runs.values()
        return run

    def answer(self, path, query, body):
        if path == "experiments/get-by-name":
            name = query["experiment_name"][0]
            if name not in self.experiments:
                return 404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": f"Could not find experiment with name '{name}'"}
            return 200, {"experiment": {"experiment_id": self.experiments[name], "name": name}}
        if path == "experiments/create":
            if body["name"] in self.experiments:
                return 400, {"error_code": "RESOURCE_ALREADY_EXISTS", "message": "it exists"}
            self.experiments[body["name"]] = str(len(self.experiments))
            return 200, {"experiment_id": self.experiments[body["name"]]}
        if path == "runs/search":
            key, value = re.fullmatch(r"tags\.`([\w.]+)` = '(\w+)'", body["filter"]).groups()
            return 200, {"runs": [run for run in map(self.shown, self.runs.values()) if run["info"]["experiment_id"] in body["experiment_ids"] and
                                  {"key": key, "value": value} in run["data"]["tags"]]}
        if path == "runs/create":
            run = {"run_id": f"r{len(self.runs) + 1}", "experiment_id": body["experiment_id"], "name": body["run_name"], "status": "RUNNING",
                   "start": body["start_time"], "end": None, "tags": {tag["key"]: tag["value"] for tag in body["tags"]}, "params": {}, "metrics": set()}
            self.runs[run["run_id"]] = run
            return 200, {"run": self.shown(run)}
        if path == "runs/get":
            return 200, {"run": self.shown(self.runs[query["run_id"][0]])}
        run = self.runs[body["run_id"]]
        if path == "runs/update":
            run["status"], run["end"] = body["status"], body.get("end_time", run["end"])
            return 200, {"run_info": {}}
        assert path == "runs/log-batch" and sum(len(body.get(kind, ())) for kind in ("metrics", "params", "tags")) <= 1000
        assert all(len(body.get(kind, ())) <= 100 for kind in ("params", "tags"))
        for param in body.get("params", ()):
            if run["params"].setdefault(param["key"], param["value"]) != param["value"]:
                return 400, {"error_code": "INVALID_PARAMETER_VALUE", "message": f"Changing param values is not allowed: {param['key']}"}
        for metric in body.get("metrics", ()):
            assert re.fullmatch(r"[\w\-. :/]+", metric["key"]), metric
            run["metrics"].add((metric["key"], metric["step"], metric["value"], metric["timestamp"]))
        run["tags"].update({tag["key"]: tag["value"] for tag in body.get("tags", ())})
        self.batches += 1
        return 200, {}

    def shown(self, run):
        return {"info": {"run_id": run["run_id"], "experiment_id": run["experiment_id"], "run_name": run["name"],
                         "artifact_uri": f"{self.artifact_root}{run['experiment_id']}/{run['run_id']}/artifacts"},
                "data": {"tags": [{"key": key, "value": value} for key, value in run["tags"].items()]}}


def handler_of(server):
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *_):
            pass

        def reply(self, status, text, half=False):
            self.send_response(status)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text[:len(text) // 2] if half else text)
            self.close_connection = half

        def do(self):
            address = urllib.parse.urlparse(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            path = address.path.removeprefix("/api/2.0/mlflow/")
            with server.changed:
                server.asked.append((self.command, path))
                fault = server.fault(self.command, path)
                server.changed.notify_all()
            if fault == "silent":
                server.closing.wait()
                return
            if server.wants and self.headers.get("Authorization") != server.wants:
                return self.reply(401, json.dumps({"error_code": "PERMISSION_DENIED", "message": f"{self.headers.get('Authorization')} is wrong"}).encode())
            if isinstance(fault, int):
                return self.reply(fault, b"<html>Bad Gateway</html>")
            with server.changed:
                if self.command == "PUT":
                    server.artifacts[urllib.parse.unquote(address.path)] = body
                    status, told = 200, {}
                else:
                    status, told = server.answer(path, urllib.parse.parse_qs(address.query), json.loads(body) if body else None)
                server.changed.notify_all()
            self.reply(status, json.dumps(told).encode(), half=fault == "half")

        do_GET = do_POST = do_PUT = do

    return Handler


@contextlib.contextmanager
def fake_mlflow():
    """A server on a free port of this machine; `url` is its address."""
    server = FakeMlflow()
    listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler_of(server))
    listener.daemon_threads = True
    server.url = f"http://127.0.0.1:{listener.server_address[1]}"
    thread = threading.Thread(target=listener.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        listener.shutdown()
        listener.server_close()
        thread.join()


def basic(user, password):
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()
