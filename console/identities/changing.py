"""What `console.components.changing` has, for the pages of identities."""

from console.components.changing import ConfirmForm, Crumbs, Question, ask, change, change_or_tell, counted, show

__all__ = ["ConfirmForm", "Crumbs", "Question", "ask", "change", "change_or_tell", "counted", "show"]
