"use strict";
// The page: it sends photos and marks, and shows what it is told.
(async () => {
  const AGAIN_MS = 2000, SAID_WHY = 4000, REFUSALS = [401, 403, 421], ANEW = "geoloc-anew";
  const STAGES = {
    loading: "loading the network", planning: "planning", matching: "matching local features", searching: "searching",
    verifying: "checking by local features",
  };
  const part = (id) => document.getElementById(id);
  const say = (text) => {
    if (part("status").textContent !== text) part("status").textContent = text;
  };
  const fail = (text) => {
    say(text);
    part("status").classList.add("wrong");
  };
  const tell = (text) => {
    part("status").classList.remove("wrong");
    say(text);
  };

  let ground;
  try {
    ground = await (await fetch("ground.json")).json();
  } catch {
    fail("The server does not answer. Is geoloc serve running? Then load this page again.");
    return;
  }
  let page = "", socket = null, mapping = null, searching = null;

  const map = new GroundMap(part("map"), ground, {
    moved: (place) => {
      const pixel = place && mapping ? mapping.toPhoto(place) : null;
      photo.see(pixel);
      if (place && mapping) where(place, pixel, pixel ? "" : "the photo does not show this place");
    },
    chosen: (number) => list.focus(number),
  });
  const photo = new PhotoView(part("photo"), {
    marked: locate,
    moved: (pixel) => {
      const place = pixel && mapping ? mapping.toMap(pixel) : null;
      map.see(place);
      if (pixel) where(place, pixel, mapping ? "no place is told here: sky, or too far off" : "");
    },
    changed: () => {
      part("find").disabled = !photo.mark;
      part("clear").disabled = !photo.corners.length;
    },
  });
  const list = new AnswerList(part("answers"), {
    decided: (answer) => {
      map.paint(answer.number, list.kindOf(answer));
      send({ type: "decide", answer: answer.number, decision: answer.decision });
      count();
    },
    shown: (answer) => {
      map.toAnswers([answer.number]);
      part("map").scrollIntoView({ block: "nearest" });
    },
  });

  function where(place, pixel, otherwise) {
    const words = [];
    if (pixel) words.push(`pixel ${pixel.map((value) => value.toFixed(0)).join(", ")}`);
    if (place) {
      const { lat, lng } = map.latLngOf(place);
      words.push(`longitude ${lng.toFixed(6)}, latitude ${lat.toFixed(6)}`);
    }
    if (place && pixel) words.push(`± ${mapping.metres(pixel).toFixed(1)} m`);
    else if (otherwise) words.push(otherwise);
    part("where").textContent = words.join("; ");
  }

  function count() {
    const accepted = list.countOf("accepted");
    part("none").hidden = list.count > 0;
    part("list-title").textContent = list.count ? `Answers: ${list.count}, ${accepted} accepted` : "Answers";
    part("save").disabled = !(part("which").value === "all" ? list.count : accepted);
    part("why").hidden = !list.count || !part("save").disabled;
  }

  function send(message) {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
    else fail("The server is out of reach; this page goes on when it is back.");
  }

  function locate(mark) {
    send({ type: "locate", ...mark });
  }

  function busy(job, fraction) {
    searching = job;
    part("progress").hidden = !job;
    part("stop").hidden = job !== "locate";
    if (fraction === null) part("progress").removeAttribute("value");
    else part("progress").value = fraction;
  }

  const verb = (job) => (job === "locate" ? "Looking for the object" : "Matching the photo with the map");

  /* What the server says */
  const heard = {
    page: (told) => {
      if (page && told.id !== page) {
        // Another server, of another mosaic maybe.
        sessionStorage.setItem(ANEW, "");
        location.reload();
        return;
      }
      const anew = sessionStorage.getItem(ANEW) !== null;
      sessionStorage.removeItem(ANEW);
      tell(anew ? "The server has begun anew: choose the photo again." : "Choose or take a photo.");
      page = told.id;
      list.clear();
      map.clearAnswers();
      hold(told.answers);
    },
    photo: (told) => {
      mapping = null;
      map.showPose(null);
      // Of the photo before.
      map.see(null);
      part("where").textContent = "";
      part("empty").hidden = true;
      photo.show(`pages/${page}/${told.picture}`, told.size, told.name);
      part("whole").disabled = false;
      tell(`${told.name}: tap the object that you look for.`);
    },
    matched: (told) => {
      if (searching === "match") busy(null, null);
      mapping = told.mapping && new PixelMapping(told.mapping);
      if (mapping) {
        map.showPose(told.pose);
        tell("The photo is matched with the map: the cursor in one is shown in the other. Tap the object.");
      } else {
        tell("The photo could not be matched with the map as a whole; tap the object, it may be found all the same.");
      }
      warn(told.warnings.filter((warning) => !warning.startsWith("not here")));
    },
    waiting: (told) => {
      busy(told.job, null);
      const before = told.before === 1 ? "1 search" : `${told.before} searches`;
      tell(told.before ? `Waiting: ${before} before this one.` : `${verb(told.job)} ...`);
    },
    progress: (told) => {
      busy(told.job, told.fraction);
      const left = told.seconds_left === null ? "" : `, ${Math.ceil(told.seconds_left)} s left`;
      tell(`${verb(told.job)}: ${STAGES[told.stage] ?? told.stage}${left}`);
    },
    found: (told) => {
      busy(null, null);
      if (!told.answers.length) {
        const best = told.best_score === null ? "nothing looks like it" : `best score ${told.best_score.toFixed(2)}`;
        tell(`Not here: the object was not found on the mosaic (${best}).`);
        warn(told.warnings);
        return;
      }
      hold(told.answers);
      map.toAnswers(told.answers.map((answer) => answer.number));
      // Where photo and map stand one above the other, as on a telephone.
      part("map").scrollIntoView({ block: "nearest" });
      const { score, accuracy_m: metres } = told.answers[0].feature.properties;
      tell(`Found: score ${score.toFixed(2)}, good to ${metres.toFixed(1)} m.`);
      warn(told.warnings);
    },
    stopped: (told) => {
      if (searching !== told.job) return;
      busy(null, null);
      tell("Stopped.");
    },
    error: (told) => {
      if (searching === told.job || told.job === "page") busy(null, null);
      fail(told.message);
    },
  };

  function hold(answers) {
    for (const answer of answers) map.add(answer.number, answer.feature.geometry, list.kindOf(answer));
    list.add(answers);
    count();
  }

  function warn(warnings) {
    if (warnings.length) say(`${part("status").textContent} ${warnings.join("; ")}`);
  }

  function connect() {
    const address = new URL(`live?page=${encodeURIComponent(page)}`, location.href);
    address.protocol = location.protocol.replace("http", "ws");
    const opened = socket = new WebSocket(address);
    socket.addEventListener("message", (event) => {
      const told = JSON.parse(event.data);
      heard[told.type](told);
    });
    socket.addEventListener("close", (event) => {
      if (socket !== opened) return;
      busy(null, null);
      // The server has said why.
      if (event.code >= SAID_WHY) return;
      fail("The server is out of reach; this page goes on when it is back.");
      setTimeout(again, AGAIN_MS);
    });
  }

  // A server that refuses a live connection cannot say why by it.
  async function again() {
    try {
      const answer = await fetch("ground.json");
      if (REFUSALS.includes(answer.status)) fail(await reason(answer));
      else connect();
    } catch {
      setTimeout(again, AGAIN_MS);
    }
  }

  // What a refusal says: JSON of the page's own requests, plain text of who is not let in.
  async function reason(answer) {
    const text = await answer.text();
    try {
      return JSON.parse(text).detail;
    } catch {
      return text.trim();
    }
  }

  /* What a person does */
  async function upload(file) {
    if (file.size > ground.most_bytes) {
      fail(`${file.name} is larger than ${ground.most_bytes / 1e6} MB, the limit: make it smaller.`);
      return;
    }
    tell(`Sending ${file.name} ...`);
    try {
      const headers = { "Content-Type": "application/octet-stream", "X-File-Name": encodeURIComponent(file.name) };
      const answer = await fetch(`pages/${page}/photo`, { method: "POST", body: file, headers });
      if (!answer.ok) fail(await reason(answer));
    } catch {
      fail(`${file.name} could not be sent: the server is out of reach.`);
    }
  }

  async function save() {
    const suffix = part("suffix").value, accepted = part("which").value === "accepted";
    try {
      const answer = await fetch(`pages/${page}/found?${new URLSearchParams({ suffix, accepted })}`);
      if (!answer.ok) {
        fail(await reason(answer));
        return;
      }
      const address = URL.createObjectURL(await answer.blob());
      geoloc.make("a", { href: address, download: `found${suffix}` }).click();
      setTimeout(() => URL.revokeObjectURL(address), 10000);
      tell(`Saved found${suffix}.`);
    } catch {
      fail("The file could not be fetched: the server is out of reach.");
    }
  }

  for (const id of ["choose", "take"]) {
    part(id).addEventListener("change", () => {
      const [file] = part(id).files;
      // The same file may be chosen again.
      part(id).value = "";
      if (file) upload(file);
    });
  }
  part("tools").addEventListener("change", (event) => photo.choose(event.target.value));
  part("find").addEventListener("click", () => photo.finish());
  part("clear").addEventListener("click", () => photo.clear());
  part("whole").addEventListener("click", () => photo.whole());
  part("stop").addEventListener("click", () => send({ type: "stop" }));
  part("suffix").append(...ground.suffixes.map((suffix) => geoloc.make("option", {}, suffix)));
  part("which").addEventListener("change", count);
  part("download").addEventListener("submit", (event) => {
    event.preventDefault();
    save();
  });
  connect();
})();
