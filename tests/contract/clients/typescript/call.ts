// The types that openapi-typescript made of /openapi.json with openapi-fetch, against the real service: what it was told, as JSON.
import createClient from "openapi-fetch";
import type { components, paths } from "./onehot.js";

declare const process: { argv: string[] };
const [url, key, text] = process.argv.slice(2) as [string, string, string];
const rows: number[][] = JSON.parse(text);
const client = createClient<paths, "application/json">({ baseUrl: url, headers: { "X-API-Key": key } });

function given<T>(answer: { data?: T; error?: unknown }): T {
  if (answer.data === undefined) throw new Error(JSON.stringify(answer.error));
  return answer.data;
}

const model = "classic";
const body: components["schemas"]["PredictRequest"] = { instances: rows };
const predict = await client.POST("/v1/models/{model}:predict", { params: { path: { model } }, body });
const byVersion = await client.POST("/v1/models/{model}/versions/{version}:predict", {
  params: { path: { model, version: 2 } },
  body,
});
const classify = await client.POST("/v1/models/{model}:classify", {
  params: { path: { model }, query: { top_k: 1 } },
  body: { examples: rows },
});
const missing = await client.POST("/v1/models/{model}:predict", { params: { path: { model: "missing" } }, body });

const lines = Array.from({ length: 60 }, (_, index) => `${index % 7},${index % 5},${"abc"[index % 3]}`);
const dataset = given(
  await client.POST("/v1/datasets", {
    params: { query: { name: "kinds.csv" } },
    headers: { "Content-Type": "text/csv" },
    body: ["one,two,kind", ...lines].join("\n"),
    bodySerializer: (content) => content,
  }),
);

const spec: components["schemas"]["Spec"] = {
  model: "kinds-typescript",  // other clients use the same queue
  data: { source: dataset.source, target: "kind", validation: 0.2, test: 0.2 },
  preprocessing: ["standardize"],
  layers: [{ Dense: { units: 3, activation: "softmax" } }],
  compile: { optimizer: "adam", loss: "categorical_crossentropy" },
  fit: { epochs: 2 },
};
const job = given(await client.POST("/v1/jobs", { body: spec }));
const params = { path: { job_id: job.id } };
const seen = given(await client.GET("/v1/jobs/{job_id}", { params }));
const canceled = given(await client.DELETE("/v1/jobs/{job_id}", { params }));

console.log(JSON.stringify({
  predictions: given(predict).predictions,
  version: given(byVersion).predictions,
  labels: given(classify).results.map((row) => row[0]?.[0]),
  error: missing.error?.error,
  rows: dataset.rows,
  job: [seen.status, canceled.status],
}));
