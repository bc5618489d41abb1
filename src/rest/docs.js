SwaggerUIBundle({
  url: "/openapi.json",
  dom_id: "#documentation",
  deepLinking: true,
  filter: true,
  // A token is forgotten with the page: what is kept in the browser, the next to use it has.
  persistAuthorization: false,
  tryItOutEnabled: true,
  // Nothing is sent to anybody else to be judged.
  validatorUrl: null,
});
