// The style sheet of a view that is not the first: fetched with it, once.
//
//   await styled(new URL(`./NAME.css`, import.meta.url));   at the top of views/NAME.js
const sheets = new Map();

export function styled(address) {
  if (!sheets.has(address.href)) {
    sheets.set(address.href, new Promise((resolve) => {
      const sheet = document.createElement("link");
      sheet.rel = "stylesheet";
      sheet.href = address.href;
      sheet.onload = sheet.onerror = resolve;
      document.head.append(sheet);
    }));
  }
  return sheets.get(address.href);
}
