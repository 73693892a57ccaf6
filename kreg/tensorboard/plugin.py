"""The tab "Overfitting": the report page of every run, side by side. Everything is local."""

import json
from collections.abc import Callable
from importlib import resources
from typing import Any, TypeAlias

from tensorboard import errors, plugin_util
from tensorboard.data import provider
from tensorboard.plugins import base_plugin
from werkzeug import Request, Response

from kreg.diagnostics.upgrade import upgraded
from kreg.foreign import json_text
from kreg.pages import html, sections
from kreg.tensorboard import PLUGIN_NAME

Document: TypeAlias = dict[str, Any]  # a report, as JSON has it

# without nosniff TensorBoard logs a warning for every answer and announces an error
HEADERS = {"X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache, must-revalidate"}
STATIC = {"index.js": "text/javascript", "tab.css": "text/css"}


def answer(content: str, content_type: str, status: int = 200) -> Response:
    return Response(content, status, HEADERS, content_type=content_type)


class KregPlugin(base_plugin.TBPlugin):
    """Routes: `/runs` (a list), `/page` (one report, HTML), `/document` (JSON), `/static/*`."""

    plugin_name = PLUGIN_NAME

    def __init__(self, context: base_plugin.TBContext) -> None:
        super().__init__(context)
        self._provider = context.data_provider

    def is_active(self) -> bool:
        """False: TensorBoard itself activates a plugin whose data it finds in a run."""
        return False

    def data_plugin_names(self) -> tuple[str, ...]:
        return (PLUGIN_NAME,)

    def frontend_metadata(self) -> base_plugin.FrontendMetadata:
        return base_plugin.FrontendMetadata(
            es_module_path="/static/index.js", tab_name="Overfitting", remove_dom=True
        )

    def get_plugin_apps(self) -> dict[str, Callable[..., object]]:
        return {
            "/static/*": serve_static,
            "/runs": Request.application(self.serve_runs),
            "/page": Request.application(self.serve_page),
            "/document": Request.application(self.serve_document),
        }

    def documents(self, request: Request) -> dict[str, Document]:
        """Run name to its newest document; one that cannot be read becomes its error."""
        try:
            found = self._provider.read_tensors(
                plugin_util.context(request.environ),
                experiment_id=plugin_util.experiment_id(request.environ),
                plugin_name=PLUGIN_NAME,
                # TensorBoard keeps few tensors but always the last, and each holds whole curves
                downsample=1,
                run_tag_filter=provider.RunTagFilter(),
            )
        except errors.NotFoundError:
            return {}
        newest = {}
        for run, tags in found.items():
            points = [point for series in tags.values() for point in series]
            if points:
                newest[run] = read(max(points, key=lambda point: point.step))
        return dict(sorted(newest.items()))

    def serve_runs(self, request: Request) -> Response:
        runs = [summary(run, doc) for run, doc in self.documents(request).items()]
        return answer(json.dumps({"runs": runs, "style": html.style()}), "application/json")

    def serve_page(self, request: Request) -> Response:
        # plain text: the tab puts it into the page itself, and HTML would need a policy of its own
        return self.serve_one(request, article, "text/plain; charset=utf-8")

    def serve_document(self, request: Request) -> Response:
        return self.serve_one(request, json.dumps, "application/json")

    def serve_one(
        self, request: Request, render: Callable[[Document], str], content_type: str
    ) -> Response:
        """One run's document, rendered; a sentence where there is none."""
        run = request.args.get("run", "")
        document = self.documents(request).get(run)
        if document is None:
            return answer(f"There is no report of the run {run!r}.", "text/plain", 404)
        if "error" in document:
            return answer(document["error"], "text/plain", 422)
        try:
            return answer(render(document), content_type)
        except Exception as error:  # numbers that nobody has measured: this run's page alone fails
            told = f"The report cannot be shown ({type(error).__name__}: {error})."
            return answer(told, "text/plain", 422)


def read(point: provider.TensorDatum) -> Document:
    """The document in a tensor, up to date; `{"error": sentence}` when it is damaged."""
    try:
        return upgraded(json_text.parse(point.numpy.item(), what="report"))
    except Exception as error:  # whatever a stranger's tensor holds: the other runs stay
        return {"error": f"The report cannot be read: {error}"}


def article(document: Document) -> str:
    """The report as a part of the tab."""
    return html.fragment(sections.view_of(document))


def summary(run: str, document: Document) -> Document:
    """What the list of runs shows."""
    if "error" in document:
        return {"run": run, "state": "ERROR", "tone": "bad", "headline": document["error"]}
    verdict = document["verdict"]
    keys = ("state", "tone", "headline", "best_epoch", "best_loss", "lost", "gap", "honest")
    return {"run": run, **{key: verdict[key] for key in keys}}


@Request.application
def serve_static(request: Request) -> Response:
    """One of two files; no other path exists."""
    name = request.path.rsplit("/", 1)[-1]
    if name not in STATIC:
        return answer("Not found.", "text/plain", 404)
    content = (resources.files("kreg.tensorboard") / "static" / name).read_text("utf-8")
    return answer(content, f"{STATIC[name]}; charset=utf-8")
