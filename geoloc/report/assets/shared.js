"use strict";
// What the pages of geoloc share: cards of answers, and outlines on a map.
const geoloc = (() => {
  const COLOURS = { best: "#e6007e", other: "#ffb000", accepted: "#12a150", rejected: "#8c8c8c" };

  // Strings become text, never HTML: names of photos are what somebody else chose.
  const make = (tag, attributes, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
    node.append(...children);
    return node;
  };

  function figures(score, metres) {
    const line = make("p", { class: "figures" });
    if (score !== null) {
      line.append(make("span", {}, `score ${score.toFixed(2)}`),
        make("meter", { min: 0, max: 1, value: score, "aria-hidden": "true" }));
    }
    if (metres != null) line.append(make("span", {}, `± ${metres.toFixed(1)} m`));
    return line;
  }

  // Of an outline that is more likely wrong than right.
  function doubts(told) {
    return told.outline === "segment" && told.outline_score < 0.5 ? [make("p", { class: "note" }, "outline doubtful")] : [];
  }

  function decisionField(id, title, [accepted, rejected], decision, decide) {
    const field = make("fieldset", {}, make("legend", { class: "unseen" }, `Decision on ${title}`));
    for (const [word, label] of [[accepted, "Accept"], [rejected, "Reject"], ["", "Undecided"]]) {
      const input = make("input", { type: "radio", name: `decision-${id}`, value: word });
      input.checked = decision === word;
      input.addEventListener("change", () => decide(word));
      field.append(make("label", { class: word || "undecided" }, input, label));
    }
    return field;
  }

  // An outline is two lines of Leaflet's, white below its colour, so that it shows on any ground.
  function paint({ under, over }, kind) {
    const faint = kind === "rejected", wide = kind === "other" || faint ? 1.5 : 2.5;
    under.setStyle({ color: "#fff", weight: wide + 2, opacity: faint ? 0.4 : 0.8, fill: false });
    over.setStyle({ color: COLOURS[kind], weight: wide, fillOpacity: 0 });
  }

  return { make, figures, doubts, decisionField, paint };
})();
