"""The report of a verification: HTML, Markdown and JSON."""

from jaxcollapse.report.page import as_dict as as_dict
from jaxcollapse.report.page import duration as duration
from jaxcollapse.report.page import keep as keep
from jaxcollapse.report.page import summary as summary
from jaxcollapse.report.page import write as write
from jaxcollapse.report.picture import svg as svg
