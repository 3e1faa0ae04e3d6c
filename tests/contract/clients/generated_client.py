"""The client that openapi-python-client made, against the real service: what it was told, as JSON."""

import inspect
import json
import sys
from importlib import import_module
from io import BytesIO
from pathlib import Path

folder, url, key, rows_text = sys.argv[1:]
sys.path.insert(0, folder)

from onehot_api import AuthenticatedClient  # noqa: E402 -- it was written a moment ago
from onehot_api.api.data_sets import delete_dataset, get_dataset, list_datasets, upload_dataset  # noqa: E402
from onehot_api.api.jobs import cancel_job, get_job, list_jobs, submit_job  # noqa: E402
from onehot_api.api.models import list_models  # noqa: E402
from onehot_api.api.open_inference_protocol_v2 import infer  # noqa: E402
from onehot_api.api.predictions import classify, predict, predict_label, predict_version  # noqa: E402
from onehot_api.models import Error, ExamplesRequest, FileForm, PredictRequest, Spec, V2Request  # noqa: E402
from onehot_api.types import File  # noqa: E402

rows = json.loads(rows_text)
client = AuthenticatedClient(base_url=url, token=key, timeout=60)
found: dict[str, object] = {}

functions = {
    path.stem: sorted(
        name for name, _ in inspect.getmembers(import_module(f"onehot_api.api.{path.parent.name}.{path.stem}"))
        if name in ("sync_detailed", "asyncio_detailed")
    )
    for path in Path(folder, "onehot_api", "api").glob("*/[a-z]*.py")
}  # fmt: skip
found["functions"] = sorted(name for name, both in functions.items() if len(both) == 2)
found["models"] = [model.name for model in list_models.sync(client=client).models]

request = PredictRequest(instances=rows)
found["predictions"] = predict.sync("classic", client=client, body=request).predictions
found["version"] = predict_version.sync("classic", 2, client=client, body=request).predictions
found["label"] = predict_label.sync("classic", "stable", client=client, body=request).predictions
table = "\n".join(",".join(map(str, row)) for row in rows).encode()
form = FileForm(file=File(BytesIO(table), file_name="rows.csv", mime_type="text/csv"))
found["form"] = predict.sync("classic", client=client, body=form).predictions
labels = classify.sync("classic", client=client, body=ExamplesRequest(examples=rows), top_k=1)
found["labels"] = [row[0][0] for row in labels.results]
values = [value for row in rows for value in row]
tensor = {"name": "x", "shape": [len(rows), len(rows[0])], "datatype": "FP32", "data": values}
answer = infer.sync("classic", client=client, body=V2Request.from_dict({"inputs": [tensor]}))
found["tensors"] = answer.outputs[0].data
found["error"] = predict.sync("missing", client=client, body=request).error

lines = [f"{number % 7},{number % 5},{'abc'[number % 3]}" for number in range(60)]
file = File(BytesIO("\n".join(["one,two,kind", *lines]).encode()))
dataset = upload_dataset.sync(client=client, body=file, name="kinds.csv")
found["rows"] = dataset.rows
found["same"] = get_dataset.sync("kinds.csv", client=client).sha256 == dataset.sha256
found["datasets"] = [one.name for one in list_datasets.sync(client=client).datasets]

spec = Spec.from_dict({
    "model": "kinds", "data": {"source": dataset.source, "target": "kind", "validation": 0.2, "test": 0.2},
    "preprocessing": ["standardize"], "layers": [{"Dense": {"units": 3, "activation": "softmax"}}],
    "compile": {"optimizer": "adam", "loss": "categorical_crossentropy"}, "fit": {"epochs": 2},
})  # fmt: skip
job = submit_job.sync(client=client, body=spec, idempotency_key="once")
again = submit_job.sync(client=client, body=spec, idempotency_key="once")
found["once"] = job.id == again.id
queued, canceled = get_job.sync(job.id, client=client), cancel_job.sync(job.id, client=client)
assert not isinstance(canceled, Error), canceled.error
found["job"] = [queued.status.value, canceled.status.value]
found["jobs"] = [one.model for one in list_jobs.sync(client=client, model="kinds").jobs]
found["gone"] = delete_dataset.sync_detailed("kinds.csv", client=client).status_code
print(json.dumps(found))
