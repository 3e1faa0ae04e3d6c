// Swagger UI on this service's own description; nothing is asked of another host.
window.SwaggerUIBundle({
  url: new URL("openapi.json", new URL("..", document.baseURI)).href,
  dom_id: "#interface",
  deepLinking: true,
  validatorUrl: null,
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  tryItOutEnabled: true,
});

const dark = matchMedia("(prefers-color-scheme: dark)");
const dress = () => document.documentElement.classList.toggle("dark-mode", dark.matches);
dark.addEventListener("change", dress);
dress();
