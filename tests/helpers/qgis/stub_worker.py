"""Stands in for `python -m geoloc.worker`: does what the name of the photo says, and writes down what it was asked.

Put somewhere as an executable `python`; `answer.geojson` beside it is what it finds, `outlines.json` what outlines
that has, and `matches.json` what photos match, by name. Standard library only.
"""

import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).parent
SIDE = 0.0001
lock = threading.Lock()
cancelled = {}


def send(number, kind, **fields) -> None:
    with lock:
        sys.stdout.write(json.dumps({"id": number, "type": kind, **fields}) + "\n")
        sys.stdout.flush()


def error(number, code, message) -> None:
    send(number, "error", code=code, message=message)


def feature(rank, lon, lat) -> dict:
    ring = [[lon, lat], [lon + SIDE, lat], [lon + SIDE, lat + SIDE], [lon, lat + SIDE], [lon, lat]]
    values = {"rank": rank, "score": 1.0 - rank / 10, "photo": "süd.jpg", "accuracy_m": 0.5, "method": "attention"}
    return {"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [ring]}, "properties": values}


def found() -> dict:
    answer = HERE / "answer.geojson"
    if answer.is_file():
        return json.loads(answer.read_text(encoding="utf-8"))
    boxes = ((-93.9900, 46.8400), (-93.9896, 46.8402), (-93.9904, 46.8398))
    features = [feature(rank, *box) for rank, box in enumerate(boxes, start=1)]
    return {"type": "FeatureCollection", "features": features}


def locate(request) -> None:
    number, kind = request["id"], Path(request["photo"]).stem
    call = {"request": request, "environment": dict(os.environ), "pid": os.getpid()}
    if kind == "slow":
        call["child"] = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]).pid
    # In one step: who waits for it reads it at once. Several requests at once have a file each.
    half = HERE / f"called.{number}.tmp"
    half.write_text(json.dumps(call), encoding="utf-8")
    half.replace(HERE / "called.json")
    send(number, "progress", stage="searching", fraction=0.5, seconds_left=61.0, text="5 of 10 windows")
    if kind in ("slow", "deaf"):
        # As long as nobody stops it: how fast the machine is makes no difference.
        (threading.Event() if kind == "deaf" else cancelled[number]).wait()
        error(number, "cancelled", "cancelled")
    elif kind == "error":
        error(number, "photo", f"{request['photo']}: click 10,20 lies outside the photo")
    elif kind == "crash":
        sys.stderr.write("something is\nModuleNotFoundError: No module named 'torch'\n")
        sys.stderr.flush()
        os._exit(3)
    elif kind in ("killed", "orphan"):
        if kind == "orphan":
            # It has this process's pipes.
            subprocess.Popen([sys.executable, "-c", "import time; time.sleep(300)"])
        os.kill(os.getpid(), 9)
    else:
        while kind == "later" and not (HERE / "go_on").exists():
            time.sleep(0.02)
        if kind == "chatty":
            sys.stdout.write("a library says hello\n\xe4 {} []\n")
        nothing = {"type": "FeatureCollection", "features": []}
        answer = nothing if kind == "empty" else found()
        more = {"best_score": 0.031 if kind == "empty" else 0.9, "thumbnails": [], "warnings": []}
        outlines = HERE / "outlines.json"
        if outlines.is_file():
            more["outlines"] = json.loads(outlines.read_text(encoding="utf-8"))
        send(number, "result", found=answer, **more)


def match(request) -> None:
    """Photos whose names begin so are slow (until there is a file go_on), or cannot be used; others are in matches.json
    or not here.
    """
    number, kind = request["id"], Path(request["photo"]).stem
    with lock, (HERE / "matched.jsonl").open("a", encoding="utf-8") as file:
        file.write(json.dumps(request) + "\n")
    while kind.startswith("slow") and not cancelled[number].wait(0.02) and not (HERE / "go_on").exists():
        pass
    if cancelled[number].is_set():
        error(number, "cancelled", "cancelled")
    elif kind.startswith("error"):
        error(number, "photo", f"{kind}.png: is no photo")
    else:
        known = HERE / "matches.json"
        matches = json.loads(known.read_text(encoding="utf-8")) if known.is_file() else {}
        nothing = {"status": "not here", "inliers": None, "pose": {"features": []}, "mapping": None}
        send(number, "result", **matches.get(kind, nothing), warnings=[])


def drape(request) -> None:
    """Of a photo that is in matches.json; the raster is the one that is searched."""
    output = Path(request["output"])
    output.write_bytes(Path(request["mosaics"][0]).read_bytes())
    send(request["id"], "result", status="found", path=str(output), size=[450, 400], gsd_m=0.2, warnings=[])


def batch(request) -> None:
    (HERE / "batch.json").write_text(json.dumps(request), encoding="utf-8")
    rows, answered = [], {}
    for query in request["queries"]:
        if query.get("object") in answered:
            row = {"number": query["number"], "error": None, "features": [], "answered_by": answered[query["object"]]}
            rows.append(row)
            continue
        if "object" in query:
            answered[query["object"]] = query["number"]
        bad = Path(query["photo"]).stem == "error"
        features = [] if bad else found()["features"]
        rows.append({"number": query["number"], "error": "no such photo" if bad else None, "features": features})
    send(request["id"], "result", rows=rows, warnings=["a warning"])


def main() -> None:
    with (HERE / "starts.txt").open("a") as file:
        file.write(f"{os.getpid()}\n")
    hello = {"protocol": 1, "version": "9.9", "python": "3.x", "executable": sys.executable}
    if (HERE / "old_protocol").exists():
        hello["protocol"] = 0
    for line in sys.stdin:
        request = json.loads(line)
        kind, number = request["type"], request["id"]
        if kind == "hello":
            send(number, "result", packages={"torch": "2", "zarr": None}, **hello)
        elif kind == "doctor":
            sick = (HERE / "sick").exists()
            wrong = {"wrong": "it is broken", "mend": "pip install torch"} if sick else {"wrong": None, "mend": None}
            send(number, "result", ok=not sick, checks=[{"name": "torch", "found": "2", **wrong}])
        elif kind == "cancel":
            if request["target"] in cancelled:
                cancelled[request["target"]].set()
            send(number, "result")
        elif kind in ("locate", "batch", "match", "drape"):
            cancelled[number] = threading.Event()
            threading.Thread(target=globals()[kind], args=(request,), daemon=True).start()
        else:
            send(number, "result")


if __name__ == "__main__":
    main()
