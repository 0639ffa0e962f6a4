"use strict";

// A small GraphQL explorer: write, run, look things up. No libraries.
const page = document.querySelector(".explorer");
const query = document.getElementById("query");
const variables = document.getElementById("variables");
const result = document.getElementById("result");
const operations = document.getElementById("operations");

async function ask(body) {
  const response = await fetch(page.dataset.endpoint, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  return response.json();
}

function show(text, failed) {
  result.textContent = text;
  result.classList.toggle("failed", failed);
}

async function run() {
  localStorage.setItem("query", query.value);
  localStorage.setItem("variables", variables.value);
  let given;
  try {
    given = JSON.parse(variables.value.trim() || "{}");
  } catch (error) {
    show(`The variables are no JSON: ${error.message}`, true);
    return;
  }
  show("…", false);
  try {
    const answer = await ask({ query: query.value, variables: given });
    show(JSON.stringify(answer, null, 2), "errors" in answer);
  } catch (error) {
    show(`No answer: ${error.message}`, true);
  }
}

// A ready document, with values for the variables it cannot do without.
function choose(text) {
  query.value = text;
  const { channel, checkout, order } = page.dataset;
  const known = { channel, checkoutId: checkout, id: /\border\(/.test(text) ? order : checkout };
  const needed = [...text.matchAll(/\$(\w+): *[\w[\]!]+!(?! *=)/g)].map((found) => found[1]);
  const given = Object.fromEntries(needed.map((name) => [name, known[name] || ""]));
  variables.value = JSON.stringify(given, null, 2);
}

function element(name, text, parent) {
  const made = document.createElement(name);
  made.textContent = text;
  parent?.append(made);
  return made;
}

function typeName(type) {
  if (type.kind === "NON_NULL") return `${typeName(type.ofType)}!`;
  if (type.kind === "LIST") return `[${typeName(type.ofType)}]`;
  return type.name;
}

function signature(field) {
  const given = (field.args || []).map((each) => `${each.name}: ${typeName(each.type)}`);
  return `${field.name}${given.length ? `(${given.join(", ")})` : ""}: ${typeName(field.type)}`;
}

const TYPE = "kind name ofType { kind name ofType { kind name ofType { kind name } } }";
const INTROSPECTION = `{ __schema {
  queryType { name } mutationType { name }
  types { kind name description
    fields { name description type { ${TYPE} } args { name type { ${TYPE} } } }
    inputFields { name description type { ${TYPE} } }
    enumValues { name description } } } }`;

async function listSchema() {
  const list = document.getElementById("schema");
  const { data } = await ask({ query: INTROSPECTION });
  const roots = [data.__schema.queryType?.name, data.__schema.mutationType?.name];
  const rank = (type) => (roots.includes(type.name) ? roots.indexOf(type.name) : roots.length);
  const types = data.__schema.types
    .filter((type) => !type.name.startsWith("__") && type.kind !== "SCALAR")
    .sort((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name));
  for (const type of types) {
    const box = element("details", "", list);
    box.open = roots.includes(type.name);
    element("summary", type.name, box);
    if (type.description) element("p", type.description, box);
    const fields = element("ul", "", box);
    for (const field of type.fields || type.inputFields || type.enumValues || []) {
      const item = element("li", "", fields);
      element("code", field.type ? signature(field) : field.name, item);
      if (field.description) element("p", field.description, item);
    }
  }
  document.getElementById("find").addEventListener("input", (event) => {
    const wanted = event.target.value.trim().toLowerCase();
    for (const box of list.children) {
      const found = box.textContent.toLowerCase().includes(wanted);
      box.hidden = !found;
      box.open = wanted ? found : roots.includes(box.firstChild.textContent);
    }
  });
}

if (page) {
  if (localStorage.getItem("query")) {
    query.value = localStorage.getItem("query");
    variables.value = localStorage.getItem("variables");
  } else {
    const first = [...operations.options].find((each) => each.text === "my-referral-page");
    choose(first ? first.value : "{ me { id } }");
  }
  document.getElementById("run").addEventListener("click", run);
  operations.addEventListener("change", () => {
    if (operations.value) choose(operations.value);
  });
  query.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      run();
    }
  });
  listSchema();
}
