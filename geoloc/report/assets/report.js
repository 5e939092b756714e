"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const [ACCEPTED, REJECTED] = data.decisions;
  const CARDS = 60, KEY = "geoloc-report-" + data.id, SHARP_PX = 90, SVG = "http://www.w3.org/2000/svg";
  const part = (id) => document.getElementById(id);
  const { make } = geoloc;

  const decisions = new Map(data.rows.map((row) => [row.number, row.decision]));
  const given = new Map(decisions);
  let kept = true;
  try {
    for (const [number, word] of Object.entries(JSON.parse(localStorage.getItem(KEY) || "{}"))) {
      if (decisions.has(Number(number))) decisions.set(Number(number), word);
    }
  } catch {
    kept = false;
  }
  const keep = () => {
    try {
      const changed = [...decisions].filter(([number, word]) => word !== given.get(number));
      localStorage.setItem(KEY, JSON.stringify(Object.fromEntries(changed)));
    } catch {
      kept = false;
    }
  };

  const fileName = (path) => path.split(/[\\/]/).pop() || path;
  const titleOf = (row) => `${row.number}: ${fileName(row.photo)}${row.rank > 1 ? `, answer ${row.rank}` : ""}`;
  const kindOf = (row) => decisions.get(row.number) || (row.rank > 1 ? "other" : "best");
  const scoreOf = (row) => row.properties.score;

  /* What is shown */
  const some = data.rows.some((row) => row.rank > 1);
  part("best").checked = some;
  part("best").parentElement.hidden = !some;
  let shown = [], most = CARDS;

  function choose() {
    const least = Number(part("least").value), status = part("status").value, decided = part("decided").value;
    const text = part("text").value.trim().toLowerCase(), best = part("best").checked, order = part("order").value;
    shown = data.rows.filter((row) => {
      const decision = decisions.get(row.number);
      return (scoreOf(row) ?? 1) >= least
        && (!status || row.status === status)
        && (!decided || (decided === "none" ? !decision : decision === decided))
        && (!text || row.photo.toLowerCase().includes(text))
        && (!best || !(row.rank > 1));
    });
    const turn = { unsure: 1, sure: -1 }[order];
    if (turn) shown.sort((a, b) => turn * ((scoreOf(a) ?? -1) - (scoreOf(b) ?? -1)));
  }

  function tell() {
    const words = [...decisions.values()], count = (word) => words.filter((one) => one === word).length;
    part("count").textContent =
      `${shown.length} of ${data.rows.length} shown, ${count(ACCEPTED)} accepted, ${count(REJECTED)} rejected`;
  }

  function decide(row, word) {
    decisions.set(row.number, word);
    keep();
    const card = part(`row-${row.number}`);
    if (card) {
      card.className = cardClass(row);
      for (const input of card.querySelectorAll("input")) input.checked = input.value === word;
    }
    paint(row);
    tell();
  }

  /* Cards */
  const cardClass = (row) => {
    const kind = row.status === "found" ? kindOf(row) : decisions.get(row.number) || "absent";
    return `card ${kind}`;
  };

  function picture(url, caption, alt, without, outline) {
    const frame = make("div", { class: url ? "picture" : "picture bare" },
      url ? make("img", { src: url, alt, width: 320, height: 320, decoding: "async" }) : without);
    if (outline) frame.append(outline);
    return make("figure", {}, frame, make("figcaption", {}, caption));
  }

  // The outline is drawn over its picture, in the colour that it has on the map.
  function outlineOf(row) {
    if (!row.parts) return null;
    const rings = row.parts.flat();
    const [west, south, east, north] = row.ground ? row.ground.bounds : around(rings.flat());
    const line = rings.map((ring) => `M${ring.map(([x, y]) => `${(x - west).toFixed(2)} ${(north - y).toFixed(2)}`).join("L")}Z`);
    const svg = document.createElementNS(SVG, "svg");
    svg.setAttribute("viewBox", `0 0 ${east - west} ${north - south}`);
    svg.setAttribute("aria-hidden", "true");
    for (const name of ["under", "over"]) {
      const path = document.createElementNS(SVG, "path");
      path.setAttribute("class", name);
      path.setAttribute("d", line.join(""));
      svg.append(path);
    }
    return svg;
  }

  function around(points) {
    const xs = points.map(([x]) => x), ys = points.map(([, y]) => y);
    const x = (Math.min(...xs) + Math.max(...xs)) / 2, y = (Math.min(...ys) + Math.max(...ys)) / 2;
    const half = 2 * Math.max(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys));
    return [x - half, y - half, x + half, y + half];
  }

  function cardOf(row) {
    const name = `title-${row.number}`, told = row.properties, found = row.parts !== null, failed = row.status === "error";
    const card = make("article", { id: `row-${row.number}`, class: cardClass(row), tabindex: -1, "aria-labelledby": name });
    card.append(make("h3", { id: name }, titleOf(row)));
    const clickOf = (click) => `click ${click.map((value) => +value.toFixed(1)).join(", ")}`;
    const clicked = row.click ? clickOf(row.click) : "photo";
    const pictureOf = (place) => place === null ? null : data.clicked[place];
    const absent = failed ? "failed" : row.status;
    // Of what failed there is nothing to see, and nothing to decide.
    if (!failed) card.append(make("div", { class: "pair" },
      picture(pictureOf(row.clicked), `Photo, ${clicked}`,
        `Part of the photo ${fileName(row.photo)} round the ${clicked}`, "no picture of the photo"),
      picture(row.ground && row.ground.url, row.ground ? "Mosaic, north up" : "Outline, north up",
        "The ground round the answer on the mosaic, with its outline", found ? "" : absent, outlineOf(row)),
      ...row.others.map((other) => picture(pictureOf(other.clicked), `${fileName(other.photo)}, ${clickOf(other.click)}`,
        `Part of the photo ${fileName(other.photo)} round the ${clickOf(other.click)}`, "no picture of the photo"))));
    if (found) {
      card.append(geoloc.figures(scoreOf(row), told.accuracy_m), ...geoloc.doubts(told));
    } else {
      card.append(make("p", { class: "figures" }, absent));
    }
    if (told.error) card.append(make("p", { class: "note" }, told.error));
    if (told.note) card.append(make("p", { class: "note" }, told.note));
    if (row.middle) card.append(make("p", { class: "place" }, `longitude ${row.middle[0]}, latitude ${row.middle[1]}`));
    const act = make("div", { class: "act" });
    const decision = decisions.get(row.number), decided = (word) => decide(row, word);
    if (!failed) act.append(geoloc.decisionField(row.number, titleOf(row), data.decisions, decision, decided));
    if (found) {
      const button = make("button", { type: "button", "aria-label": `Show ${titleOf(row)} on the map` }, "On the map");
      button.addEventListener("click", () => toMap(row));
      act.append(button);
    }
    card.append(act);
    const rows = Object.entries(told).filter(([, value]) => value !== null && value !== "");
    card.append(make("details", {}, make("summary", {}, "All that is known"),
      make("dl", {}, ...rows.flatMap(([key, value]) => [make("dt", {}, key), make("dd", {}, String(value))]))));
    card.addEventListener("keydown", (event) => pressed(event, row));
    return make("li", {}, card);
  }

  function pressed(event, row) {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const key = event.key.toLowerCase(), words = { a: ACCEPTED, r: REJECTED, u: "" };
    if (key in words && row.status === "error") return;
    if (key in words) decide(row, words[key]);
    else if (key === "m") toMap(row);
    else if (key === "j" || key === "k") toCard(shown[shown.indexOf(row) + (key === "j" ? 1 : -1)]);
    else return;
    event.preventDefault();
  }

  function list() {
    part("cards").replaceChildren(...shown.slice(0, most).map(cardOf));
    const rest = shown.length - most;
    part("more").hidden = rest <= 0;
    part("more").textContent = `Show ${Math.min(rest, CARDS)} more of ${rest}`;
  }

  function toCard(row) {
    if (!row || !shown.includes(row)) return;
    if (shown.indexOf(row) >= most) {
      most = shown.indexOf(row) + 1;
      list();
    }
    const card = part(`row-${row.number}`);
    card.focus({ preventScroll: true });
    card.scrollIntoView({ block: "nearest" });
  }

  /* Map: metres east and north, as Leaflet's simple CRS takes them */
  const placed = data.rows.filter((row) => row.parts !== null);
  const shapes = new Map(), sharp = new Map();
  const latLng = ([x, y]) => [y, x];
  const corners = ([west, south, east, north]) => L.latLngBounds([south, west], [north, east]);
  let map = null, outlines = null;

  function paint(row) {
    const shape = shapes.get(row.number);
    if (!shape) return;
    geoloc.paint(shape, kindOf(row));
  }

  function drawMap() {
    map = L.map("map", {
      crs: L.CRS.Simple, attributionControl: false, preferCanvas: placed.length > 500,
      zoomSnap: 0.25, minZoom: -12, maxZoom: 7, keyboard: true,
    });
    L.control.scale({ imperial: false }).addTo(map);
    map.createPane("sharp").style.zIndex = 300;
    if (data.overview) {
      L.imageOverlay(data.overview.url, corners(data.overview.bounds), { alt: "The mosaic" }).addTo(map);
    }
    outlines = L.layerGroup().addTo(map);
    for (const row of placed) {
      const points = row.parts.map((rings) => rings.map((ring) => ring.map(latLng)));
      const over = L.polygon(points, { bubblingMouseEvents: false });
      over.bindTooltip(() => make("span", {}, `${titleOf(row)}${scoreOf(row) === null ? "" : `, ${scoreOf(row).toFixed(2)}`}`),
        { sticky: true });
      over.on("click", () => toCard(row));
      shapes.set(row.number, { over, under: L.polygon(points, { interactive: false }) });
      paint(row);
    }
    map.on("moveend", sharpen);
    showShapes();
    showAll(placed);
  }

  function showAll(rows) {
    const layers = rows.filter((row) => shapes.has(row.number)).map((row) => shapes.get(row.number).over);
    if (layers.length) map.fitBounds(L.featureGroup(layers).getBounds().pad(0.25), { maxZoom: 3, animate: false });
  }

  // Close-ups are sharper than the overview: they lie over it where they are large enough to tell.
  function sharpen() {
    const view = map.getBounds(), scale = 2 ** map.getZoom();
    for (const row of placed) {
      if (!row.ground) continue;
      const [west, , east] = row.ground.bounds, there = sharp.has(row.number);
      const wanted = (east - west) * scale >= SHARP_PX && view.intersects(corners(row.ground.bounds));
      if (wanted && !there) {
        const overlay = L.imageOverlay(row.ground.url, corners(row.ground.bounds), { pane: "sharp", alt: "" });
        sharp.set(row.number, overlay.addTo(map));
      } else if (!wanted && there) {
        sharp.get(row.number).remove();
        sharp.delete(row.number);
      }
    }
  }

  function showShapes() {
    if (!outlines) return;
    outlines.clearLayers();
    // The best ones last, so that they lie on top.
    const rows = shown.filter((row) => shapes.has(row.number)).sort((a, b) => (b.rank ?? 1) - (a.rank ?? 1));
    for (const row of rows) outlines.addLayer(shapes.get(row.number).under);
    for (const row of rows) outlines.addLayer(shapes.get(row.number).over);
  }

  function toMap(row) {
    const shape = shapes.get(row.number);
    if (!shape) return;
    map.fitBounds(shape.over.getBounds().pad(1.5), { maxZoom: 5, animate: false });
    part("map-part").scrollIntoView({ block: "nearest" });
  }

  /* Paper: the map as wide as a page, and all that the filters leave */
  function onPaper(on) {
    document.body.classList.toggle("printing", on);
    most = on ? Infinity : CARDS;
    list();
    if (!map) return;
    map.invalidateSize({ animate: false });
    showAll(shown);
  }

  /* What was decided, as files */
  // A spreadsheet would take a name that begins so for a formula.
  const harmless = (text) => (/^[=+\-@\t\r]/.test(text) ? `'${text}` : text);
  const cell = (value) => (/[",\n\r;]/.test(value) ? `"${value.replaceAll('"', '""')}"` : value);

  function csvText() {
    const lines = data.rows.map((row) => [
      row.number, harmless(row.photo), ...(row.click || ["", ""]), row.rank ?? "", decisions.get(row.number),
    ]);
    const head = ["row", "photo", "click_x", "click_y", "rank", "decision"];
    return "\ufeff" + [head, ...lines].map((line) => line.map((value) => cell(String(value))).join(",") + "\r\n").join("");
  }

  function geojsonText() {
    const features = data.rows.map((row) => ({
      type: "Feature", geometry: row.geometry, properties: { ...row.properties, decision: decisions.get(row.number) },
    }));
    return JSON.stringify({ type: "FeatureCollection", features });
  }

  function save(text, type, ending) {
    const address = URL.createObjectURL(new Blob([text], { type }));
    const stem = data.file.replace(/\.[^.]*$/, "");
    make("a", { href: address, download: `${stem}_decisions.${ending}` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10000);
  }

  /* Beginning */
  function update() {
    most = CARDS;
    choose();
    list();
    tell();
    showShapes();
  }

  const queries = data.rows.filter((row) => !(row.rank > 1));
  const statuses = ["found", "not here", "error"]
    .map((word) => [queries.filter((row) => row.status === word).length, word]).filter(([count]) => count);
  const cut = data.total > data.rows.length ? ` The first ${data.rows.length} of ${data.total} rows are here.` : "";
  const bare = data.withoutPictures ? ` ${data.withoutPictures} rows are without pictures.` : "";
  part("summary").textContent = statuses.map(([count, word]) => `${count} ${word}`).join(", ") + "." + cut + bare
    + (kept ? " Decisions stay in this browser; save them to take them along." : " Save decisions before you leave.");
  part("filters").addEventListener("input", () => {
    part("least-value").textContent = Number(part("least").value).toFixed(2);
    update();
  });
  part("filters").addEventListener("submit", (event) => event.preventDefault());
  part("more").addEventListener("click", () => {
    const next = shown[most];
    most += CARDS;
    list();
    toCard(next);
  });
  part("save-csv").addEventListener("click", () => save(csvText(), "text/csv", "csv"));
  // It would be taken for the whole file.
  if (data.total > data.rows.length) part("save-geojson").textContent = `Save first ${data.rows.length} rows as GeoJSON`;
  part("save-geojson").addEventListener("click", () => save(geojsonText(), "application/geo+json", "geojson"));
  part("print").addEventListener("click", () => window.print());
  window.addEventListener("beforeprint", () => onPaper(true));
  window.addEventListener("afterprint", () => onPaper(false));
  update();
  if (placed.length) {
    drawMap();
  } else {
    part("map-part").hidden = true;
    document.querySelector("main").classList.add("no-map");
  }
})();
