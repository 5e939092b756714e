"use strict";
// The answers as cards, the newest first: what is known of each, and what a person decides.
class AnswerList {
  static WORDS = ["accepted", "rejected"];

  // `events`: decided(answer) when a decision is taken, shown(answer) when one is to be seen on the map.
  constructor(node, events) {
    this.node = node;
    this.events = events;
    this.held = new Map();
  }

  get count() {
    return this.held.size;
  }

  countOf(word) {
    return [...this.held.values()].filter((answer) => answer.decision === word).length;
  }

  kindOf(answer) {
    return answer.decision || (answer.feature.properties.rank > 1 ? "other" : "best");
  }

  clear() {
    this.held.clear();
    this.node.replaceChildren();
  }

  add(answers) {
    let before = this.node.firstChild;
    for (const answer of answers) {
      this.held.set(answer.number, answer);
      // Those of one search stay in their order.
      if (answer.feature.properties.rank === 1) before = this.node.firstChild;
      this.node.insertBefore(this.card(answer), before);
    }
  }

  card(answer) {
    const { number } = answer, told = answer.feature.properties, { make } = geoloc;
    const title = `${number}: ${told.photo}${told.rank > 1 ? `, answer ${told.rank}` : ""}`;
    const card = make("article", { id: `answer-${number}`, tabindex: -1, "aria-labelledby": `title-${number}` },
      make("h3", { id: `title-${number}` }, title), geoloc.figures(told.score, told.accuracy_m), ...geoloc.doubts(told));
    card.className = `card ${this.kindOf(answer)}`;
    if (told.note) card.append(make("p", { class: "note" }, told.note));
    card.append(make("p", { class: "place" }, `longitude ${answer.middle[0]}, latitude ${answer.middle[1]}`));
    if (answer.projected) card.append(make("p", { class: "place" }, answer.projected));
    const decide = (word) => {
      answer.decision = word;
      card.className = `card ${this.kindOf(answer)}`;
      this.events.decided(answer);
    };
    const button = make("button", { type: "button", "aria-label": `Show ${title} on the map` }, "On the map");
    button.addEventListener("click", () => this.events.shown(answer));
    card.append(make("div", { class: "act" },
      geoloc.decisionField(number, title, AnswerList.WORDS, answer.decision, decide), button));
    return make("li", {}, card);
  }

  focus(number) {
    const card = document.getElementById(`answer-${number}`);
    card.focus({ preventScroll: true });
    card.scrollIntoView({ block: "nearest" });
  }
}
