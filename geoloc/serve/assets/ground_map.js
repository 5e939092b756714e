"use strict";
// The map: the mosaic, what of it the photo shows, the cursor's place, and the answers.
class GroundMap {
  static CLOSER = 3;

  // `events`: moved(place) when the cursor moves, places in EPSG:3857; chosen(number) when an answer is clicked.
  constructor(node, ground, events) {
    const [west, south, east, north] = ground.bounds;
    this.middle = (west + east) / 2;
    this.bounds = L.latLngBounds([south, west], [north, east]);
    this.map = L.map(node, {
      attributionControl: false, minZoom: Math.max(ground.min_zoom - 2, 0),
      maxZoom: ground.max_zoom + GroundMap.CLOSER, maxBounds: this.bounds.pad(1), zoomAnimation: false,
    });
    L.control.scale({ imperial: false }).addTo(this.map);
    this.tiles = L.tileLayer(ground.tiles, {
      bounds: this.bounds, minZoom: ground.min_zoom, maxNativeZoom: ground.max_zoom, maxZoom: this.map.getMaxZoom(),
    }).addTo(this.map);
    // Ground without data has no picture.
    this.tiles.on("tileerror", (event) => {
      event.tile.hidden = true;
    });
    const dim = { color: "#b9c3d3", weight: 1, dashArray: "4 4", fill: false, interactive: false };
    L.geoJSON(ground.outline, { style: dim, coordsToLatLng: (point) => this.latLng(point), interactive: false })
      .addTo(this.map);
    this.pose = L.layerGroup().addTo(this.map);
    this.answers = new Map();
    const icon = L.divIcon({ className: "crosshair seen", iconSize: [31, 31] });
    this.seen = L.marker([0, 0], { icon, interactive: false, keyboard: false });
    this.map.on("mousemove click", (event) => events.moved(this.place(event.latlng)));
    this.map.on("mouseout", () => events.moved(null));
    this.map.on("move", () => {
      if (document.activeElement === node) events.moved(this.place(this.map.getCenter()));
    });
    this.events = events;
    this.fit(this.bounds);
  }

  // A mosaic may lie across the antimeridian: longitudes are those next to its middle.
  latLng([lon, lat]) {
    return L.latLng(lat, lon + 360 * Math.round((this.middle - lon) / 360));
  }

  place(latLng) {
    const { x, y } = L.CRS.EPSG3857.project(latLng);
    return [x, y];
  }

  latLngOf([x, y]) {
    const { lat, lng } = L.CRS.EPSG3857.unproject(L.point(x, y));
    return this.latLng([lng, lat]);
  }

  fit(bounds) {
    this.map.invalidateSize({ animate: false });
    this.map.fitBounds(bounds, { animate: false, maxZoom: this.tiles.options.maxNativeZoom + 1 });
  }

  // Camera and footprint of the matched photo; null takes them away.
  showPose(features) {
    this.pose.clearLayers();
    if (!features) return;
    const ground = { color: "#2f6fed", weight: 2, dashArray: "6 4", fillOpacity: 0.04 };
    const camera = { radius: 6, color: "#fff", weight: 2, fillColor: "#2f6fed", fillOpacity: 1 };
    const layer = L.geoJSON(features, {
      style: (feature) => (feature.geometry.type === "Point" ? camera : ground),
      pointToLayer: (feature, at) => L.circleMarker(at, { interactive: false }),
      coordsToLatLng: (point) => this.latLng(point),
      interactive: false,
    });
    this.pose.addLayer(layer);
    const bounds = layer.getBounds();
    if (bounds.isValid()) this.fit(bounds.pad(0.1));
  }

  see(place) {
    if (place) this.seen.setLatLng(this.latLngOf(place)).addTo(this.map);
    else this.seen.remove();
  }

  add(number, geometry, kind) {
    const options = { coordsToLatLng: (point) => this.latLng(point) };
    const under = L.geoJSON(geometry, { ...options, interactive: false }).addTo(this.map);
    const over = L.geoJSON(geometry, { ...options, bubblingMouseEvents: false }).addTo(this.map);
    over.on("click", () => this.events.chosen(number));
    this.answers.set(number, { under, over });
    this.paint(number, kind);
  }

  paint(number, kind) {
    geoloc.paint(this.answers.get(number), kind);
  }

  clearAnswers() {
    for (const { under, over } of this.answers.values()) {
      under.remove();
      over.remove();
    }
    this.answers.clear();
  }

  toAnswers(numbers) {
    const group = L.featureGroup(numbers.map((number) => this.answers.get(number).over));
    this.fit(group.getBounds().pad(5));
  }
}
