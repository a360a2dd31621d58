"""Every action there is, in the order of the description."""

from __future__ import annotations

from windlass.web.acting.models import PromoteForm, ReasonForm, ask_promote, ask_roll_back, promote
from windlass.web.acting.models import roll_back as roll_back_model
from windlass.web.acting.runs import (
    AgainForm,
    ResumeForm,
    ask_again,
    ask_cancel,
    ask_resume,
    cancel,
    resume,
    run_again,
)
from windlass.web.action import Action

ACTIONS: tuple[Action, ...] = (
    Action("/runs/{run}/cancel", ask_cancel, cancel),
    Action("/runs/{run}/resume", ask_resume, resume, ResumeForm),
    Action("/runs/{run}/again", ask_again, run_again, AgainForm),
    Action("/models/{model}/rollback", ask_roll_back, roll_back_model, ReasonForm),
    Action("/models/{model}/{version}/promote", ask_promote, promote, PromoteForm),
)
