"""`compress=true`: the model without what the penalty has zeroed, refitted and saved beside it."""


def compress(plan, config, place) -> dict | None:
    """Compress, refit without penalties, measure, save `compressed.keras`; what the report shows.

    Args:
        plan: The `kreg.build.plan.Plan` with its trained model, which is not changed.
        config: The checked configuration.
        place: The run's `RunDirectory`.

    Returns:
        Sizes and clean metrics before and after, or `None` where it is switched off.
    """
    cfg = config.compress
    if not cfg.enabled:
        return None
    from kreg.build import outcome
    from kreg.callbacks import export
    from kreg.surgery import compress_and_refit

    smaller, report, _ = compress_and_refit(
        plan.model,
        plan.stream(config.trainer.epochs),
        steps_per_epoch=plan.steps,
        epochs=cfg.refit_epochs,
        data=plan.data.validation.x[:256] if len(plan.data.validation) else None,
        shuffle=False,
    )
    smaller.compile(loss=plan.model.loss, metrics=outcome.fresh_metrics(plan))
    smaller.evaluate(plan.stream(), steps=1, verbose=0)  # one batch builds the metrics
    export(smaller, place.file("compressed.keras"))
    found = report.as_dict() | {"metrics": outcome.clean(smaller, plan)}
    return found | {"sentence": sentence(report, found["metrics"])}


def sentence(report, metrics: dict) -> str:
    """One line for the terminal: parameters before and after, and the new test metric."""
    text = f"{report.before.parameters:,} -> {report.after.parameters:,} parameters"
    shown = [name for name in ("test_clean_accuracy", "test_clean_rmse") if name in metrics]
    accuracy = f", {shown[0].replace('_clean_', ' ')} {metrics[shown[0]]:.4f}" if shown else ""
    return f"{text} ({report.ratio:.1%}){accuracy} after the refit"
