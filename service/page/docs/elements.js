// Ways to make elements. Everything that comes from the service goes in as text, never as HTML.
export function make(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "value") element.value = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat(Infinity).filter((child) => child !== null && child !== undefined));
  return element;
}

// A text of the description: paragraphs, and code between backticks.
export function prose(text) {
  return text.split(/\n\n+/).map((paragraph) => make("p", {}, spans(paragraph)));
}

export function spans(text) {
  return text.split("`").map((part, index) => (index % 2 ? make("code", {}, part) : part));
}

export function copyButton(text) {
  const button = make("button", { type: "button", class: "small", onclick: copy }, "Copy");
  async function copy() {
    const done = await navigator.clipboard?.writeText(text()).then(() => true, () => false);
    button.textContent = done ? "Copied" : "Select it and copy";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  }
  return button;
}
