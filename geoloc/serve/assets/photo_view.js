"use strict";
// The photo: it is moved and zoomed as a map is, and an object is marked in it by a tap, a box or an outline.
class PhotoView {
  static STEP_PX = 12;
  static NEAR_PX = 14;

  // `events`: marked(mark) when a mark is complete, moved(pixel) when the cursor moves, changed() when a mark changes.
  constructor(node, events) {
    this.node = node;
    this.events = events;
    this.tool = "click";
    this.corners = [];
    this.size = null;
    this.map = L.map(node, {
      crs: L.CRS.Simple, attributionControl: false, keyboard: false, doubleClickZoom: false, boxZoom: false,
      zoomSnap: 0.25, minZoom: -8, maxZoom: 5, zoomAnimation: false, center: [0, 0], zoom: 0,
    });
    const cross = (name) => L.divIcon({ className: name, iconSize: [31, 31] });
    this.cursor = L.marker([0, 0], { icon: cross("crosshair"), interactive: false, keyboard: false });
    this.seen = L.marker([0, 0], { icon: cross("crosshair seen"), interactive: false, keyboard: false });
    this.under = L.polygon([], { color: "#fff", weight: 5, opacity: 0.85, fill: false, interactive: false });
    this.over = L.polygon([], { color: "#e6007e", weight: 2.5, fill: false, interactive: false });
    this.map.on("click", (event) => this.tapped(this.pixel(event.latlng), event.containerPoint));
    this.map.on("mousemove", (event) => this.size && events.moved(this.pixel(event.latlng)));
    this.map.on("mouseout", () => events.moved(null));
    node.addEventListener("keydown", (event) => this.pressed(event));
    node.addEventListener("focus", () => this.size && this.showCursor(true));
    node.addEventListener("blur", () => this.cursor.remove());
    this.dragBoxes();
  }

  // Pixels have their origin in the upper left corner, Leaflet's simple CRS counts upwards.
  pixel({ lat, lng }) {
    return [lng, -lat];
  }

  latLng([x, y]) {
    return L.latLng(-y, x);
  }

  get bounds() {
    return L.latLngBounds(this.latLng([0, this.size[1]]), this.latLng([this.size[0], 0]));
  }

  show(address, size, name) {
    this.picture?.remove();
    this.size = size;
    this.picture = L.imageOverlay(address, this.bounds, { alt: `The photo ${name}` }).addTo(this.map);
    this.map.setMaxBounds(null);
    this.at = [size[0] / 2, size[1] / 2];
    this.node.removeAttribute("aria-disabled");
    this.node.setAttribute("aria-label", `Photo ${name}, ${size[0]} by ${size[1]} pixels`);
    this.clear();
    this.see(null);
    this.whole();
    // Not before the photo is in view: a map that is led into its bounds glides there, and away from what follows.
    this.map.setMaxBounds(this.bounds.pad(0.5));
  }

  whole() {
    this.map.invalidateSize({ animate: false });
    this.map.fitBounds(this.bounds, { animate: false });
  }

  choose(tool) {
    this.tool = tool;
    this.clear();
    this.node.classList.toggle("drawing", tool !== "click");
    this.map.dragging[tool === "box" ? "disable" : "enable"]();
  }

  clear() {
    this.corners = [];
    this.draw();
  }

  // What is marked, as the server takes it; null where that is not complete.
  get mark() {
    const round = (point) => point.map((value) => +value.toFixed(2));
    const points = this.corners.map(round);
    if (this.tool === "click") return points.length ? { click: points[0] } : null;
    if (this.tool === "box") {
      const [a, b] = points;
      return b && a[0] !== b[0] && a[1] !== b[1] ? { box: [...a, ...b] } : null;
    }
    return points.length >= 3 ? { polygon: points } : null;
  }

  draw() {
    const [a, b] = this.corners;
    let shape = this.corners;
    if (this.tool === "box" && b) shape = [a, [b[0], a[1]], b, [a[0], b[1]]];
    for (const line of [this.under, this.over]) line.setLatLngs(shape.map((point) => this.latLng(point))).addTo(this.map);
    for (const dot of this.dots ?? []) dot.remove();
    // A shape of one point has no line.
    const style = { radius: 7, color: "#fff", weight: 2, fillColor: "#e6007e", fillOpacity: 1, interactive: false };
    this.dots = (this.tool === "box" && b ? [] : this.corners).map((point) => L.circleMarker(this.latLng(point), style));
    for (const dot of this.dots) dot.addTo(this.map);
    this.events.changed();
  }

  within([x, y]) {
    return this.size !== null && x >= 0 && y >= 0 && x <= this.size[0] && y <= this.size[1];
  }

  tapped(pixel, point) {
    // A drag of a box ends in a click too.
    if (!this.within(pixel) || this.tool === "box") return;
    this.at = pixel;
    this.showCursor(document.activeElement === this.node);
    this.events.moved(pixel);
    if (this.tool === "click") {
      this.corners = [pixel];
      this.finish();
      return;
    }
    const first = this.corners.length >= 3 && this.map.latLngToContainerPoint(this.latLng(this.corners[0]));
    if (first && first.distanceTo(point) < PhotoView.NEAR_PX) this.finish();
    else this.add(pixel);
  }

  add(pixel) {
    if (this.tool === "box" && this.corners.length === 2) this.corners = [];
    this.corners.push(pixel);
    this.draw();
  }

  finish() {
    this.draw();
    if (this.mark) this.events.marked(this.mark);
  }

  dragBoxes() {
    let start = null;
    const at = (event) => {
      const [x, y] = this.pixel(this.map.mouseEventToLatLng(event));
      return [Math.min(Math.max(x, 0), this.size[0]), Math.min(Math.max(y, 0), this.size[1])];
    };
    this.node.addEventListener("pointerdown", (event) => {
      // A second finger zooms.
      if (start && !event.isPrimary) {
        start = null;
        this.clear();
      }
      if (this.tool !== "box" || !this.size || !event.isPrimary || event.button || event.target.closest("a")) return;
      start = at(event);
      this.node.setPointerCapture(event.pointerId);
    });
    this.node.addEventListener("pointermove", (event) => {
      if (!start || !event.isPrimary) return;
      this.corners = [start, at(event)];
      this.draw();
    });
    this.node.addEventListener("pointerup", (event) => {
      if (!start || !event.isPrimary) return;
      start = null;
      this.finish();
    });
    this.node.addEventListener("pointercancel", () => {
      start = null;
    });
  }

  pressed(event) {
    if (!this.size || event.ctrlKey || event.metaKey || event.altKey || event.target !== this.node) return;
    const steps = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    if (event.key in steps) {
      const step = (event.shiftKey ? 1 : PhotoView.STEP_PX) / 2 ** this.map.getZoom();
      this.at = this.at.map((value, axis) => Math.min(Math.max(value + step * steps[event.key][axis], 0), this.size[axis]));
      this.showCursor(true);
      this.events.moved(this.at);
    } else if (event.key === "Enter") this.entered();
    else if (event.key === " ") this.tool === "click" ? this.entered() : this.add([...this.at]);
    else if (event.key === "Backspace") {
      this.corners.pop();
      this.draw();
    } else if (event.key === "Escape") this.clear();
    else if (event.key === "+" || event.key === "=") this.map.zoomIn(0.5);
    else if (event.key === "-") this.map.zoomOut(0.5);
    else return;
    event.preventDefault();
  }

  entered() {
    if (this.tool === "click") this.corners = [[...this.at]];
    else if (this.tool === "box" && this.corners.length === 1) this.corners.push([...this.at]);
    this.finish();
  }

  showCursor(shown) {
    if (!shown) return;
    this.cursor.setLatLng(this.latLng(this.at)).addTo(this.map);
    this.map.panInside(this.latLng(this.at), { padding: [30, 30], animate: false });
  }

  // The place that is pointed at on the map.
  see(pixel) {
    if (pixel && this.size) this.seen.setLatLng(this.latLng(pixel)).addTo(this.map);
    else this.seen.remove();
  }
}
