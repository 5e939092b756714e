"use strict";
// From pixels of a matched photo to the map and back; docs/worker.md has the formulas. Places are EPSG:3857.
class PixelMapping {
  constructor(told) {
    Object.assign(this, { size: told.size, origin: told.origin, matrix: told.to_map, ring: told.reliable });
    this.back = PixelMapping.inverse(told.to_map);
    this.lattice = { columns: told.corrections.columns, rows: told.corrections.rows };
    this.values = { dx: told.corrections.dx, dy: told.corrections.dy, metres: told.error_m.metres };
  }

  // Up to its scale, which no homography has.
  static inverse([a, b, c, d, e, f, g, h, i]) {
    return [e * i - f * h, c * h - b * i, b * f - c * e, f * g - d * i, a * i - c * g, c * d - a * f,
      d * h - e * g, b * g - a * h, a * e - b * d];
  }

  static depth(m, x, y) {
    return m[6] * x + m[7] * y + m[8];
  }

  static map(m, x, y) {
    const w = PixelMapping.depth(m, x, y);
    return [(m[0] * x + m[1] * y + m[2]) / w, (m[3] * x + m[4] * y + m[5]) / w];
  }

  value(name, [x, y]) {
    const { columns, rows } = this.lattice, values = this.values[name];
    const along = (at, length, nodes) => Math.min(Math.max(at / length, 0), 1) * (nodes - 1);
    const s = along(x, this.size[0], columns), t = along(y, this.size[1], rows);
    const i = Math.min(Math.floor(s), columns - 2), j = Math.min(Math.floor(t), rows - 2);
    const f = s - i, g = t - j, k = j * columns + i;
    return (1 - g) * ((1 - f) * values[k] + f * values[k + 1])
      + g * ((1 - f) * values[k + columns] + f * values[k + columns + 1]);
  }

  // Whether the photo shows ground there that is near enough to be told.
  holds([x, y]) {
    let inside = false;
    this.ring.forEach(([ax, ay], n) => {
      const [bx, by] = this.ring[(n + 1) % this.ring.length];
      if (ay > y !== by > y && x < ax + ((bx - ax) * (y - ay)) / (by - ay)) inside = !inside;
    });
    return inside;
  }

  // The place of a pixel; null where none is told.
  toMap(pixel) {
    if (!this.holds(pixel) || !(PixelMapping.depth(this.matrix, ...pixel) > 0)) return null;
    const [x, y] = PixelMapping.map(this.matrix, ...pixel);
    return [this.origin[0] + x + this.value("dx", pixel), this.origin[1] + y + this.value("dy", pixel)];
  }

  // The pixel that shows a place; null where none does.
  toPhoto([x, y]) {
    const goal = [x - this.origin[0], y - this.origin[1]];
    let pixel = PixelMapping.map(this.back, ...goal);
    for (let round = 0; round < 4; round += 1) {
      if (!(PixelMapping.depth(this.matrix, ...pixel) > 0)) return null;
      pixel = PixelMapping.map(this.back, goal[0] - this.value("dx", pixel), goal[1] - this.value("dy", pixel));
    }
    return this.holds(pixel) ? pixel : null;
  }

  metres(pixel) {
    return this.value("metres", pixel);
  }
}
