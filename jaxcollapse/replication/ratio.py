"""How simulated means compare with predicted ones: their ratios, with intervals."""

from typing import Any, NamedTuple

import numpy as np

from jaxcollapse.arguments.check import check_numbers
from jaxcollapse.arguments.names import shown
from jaxcollapse.arguments.types import HostArray
from jaxcollapse.chain.prediction import ClosedForm, Prediction


class Ratio(NamedTuple):
    """The simulated over the predicted mean of a metric, entry by entry."""

    ratio: HostArray
    lower: HostArray
    """The lower limit of the confidence interval of the ratio."""
    upper: HostArray
    form: ClosedForm | None
    """What predicts, if it says what it is."""

    def __str__(self) -> str:
        away = np.abs(np.asarray(self.ratio, float) - 1)
        worst = np.argmax(np.where(np.isnan(away), 0.0, away))
        value, lower, upper = (part.ravel()[worst] for part in (self.ratio, self.lower, self.upper))
        said = "" if self.form is None else f"; {self.form}"
        return f"at most {value:.4g} ({lower:.4g} to {upper:.4g}){said}"


def ratios(mean: Any, interval: tuple[Any, Any], prediction: Any) -> Any:
    """Those of every metric that is both estimated and predicted, or of one array of means."""
    if isinstance(mean, dict):
        if not isinstance(prediction, Prediction):
            raise TypeError(
                f"prediction must be made by jaxcollapse.predict for several metrics, got {shown(prediction)}"
            )
        common = [name for name in mean if name in prediction.forms]
        if not common:
            known = ", ".join(prediction.forms) or "nothing"
            raise ValueError(f"prediction must have a metric of the estimate, {', '.join(mean)}, and predicts {known}")
        lower, upper = interval
        return {name: _ratio(mean[name], lower[name], upper[name], prediction.forms[name]) for name in common}
    return _ratio(mean, *interval, one_form(prediction))


def one_form(prediction: Any, name: str = "prediction") -> Any:
    """The only closed form of a prediction; what is no prediction is what it is."""
    if not isinstance(prediction, Prediction):
        return prediction
    if len(prediction.forms) == 1:
        return next(iter(prediction.forms.values()))
    if not prediction.forms:
        raise ValueError(f"{name} knows no closed form: {prediction.summary()}")
    known = ", ".join(prediction.forms)
    first = next(iter(prediction.forms))
    raise ValueError(f'{name} predicts {known}: say which, as prediction.forms["{first}"]')


def _ratio(mean: HostArray, lower: HostArray, upper: HostArray, form: Any) -> Ratio:
    curve = form.curve if isinstance(form, ClosedForm) else form
    check_numbers("prediction", curve)
    theory = np.asarray(curve, float)
    if theory.shape != np.shape(mean):
        raise ValueError(f"prediction must have the shape of the estimate, {np.shape(mean)}, got {theory.shape}")
    with np.errstate(invalid="ignore", divide="ignore"):
        ends = np.sort(np.stack([np.asarray(lower) / theory, np.asarray(upper) / theory]), axis=0)
        ratio = np.asarray(mean) / theory
    return Ratio(ratio, ends[0], ends[1], form if isinstance(form, ClosedForm) else None)
