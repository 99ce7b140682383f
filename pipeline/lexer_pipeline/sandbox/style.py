"""How the page looks, and the little that moves on it."""

STYLE = """
:root { --ink: #1d2530; --dim: #67717e; --line: #e3e7ec; --paper: #fff; --back: #f5f7f9; --good: #17734a;
  --bad: #b3261e; --act: #2457c5; color-scheme: light }
* { box-sizing: border-box }
body { margin: 0; font: 15px/1.5 system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; color: var(--ink);
  background: var(--back) }
header, main { max-width: 1080px; margin: 0 auto; padding: 0 24px }
header { padding-top: 28px }
h1 { font-size: 22px; margin: 0 }
header p { margin: 4px 0 0; color: var(--dim) }
section { background: var(--paper); border: 1px solid var(--line); border-radius: 10px; padding: 18px 22px 20px;
  margin: 20px 0; overflow-x: auto }
h2 { font-size: 16px; margin: 0 0 12px }
h3 { font-size: 15px; margin: 0 }
table { width: 100%; border-collapse: collapse; margin-top: 10px }
th { text-align: left; font-weight: 500; font-size: 13px; color: var(--dim) }
th, td { padding: 6px 14px 6px 0; border-bottom: 1px solid var(--line); vertical-align: middle;
  font-variant-numeric: tabular-nums }
tbody tr:last-child td { border-bottom: 0 }
td form { margin: 0; text-align: right }
code, pre { font: 13px/1.45 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace }
pre { background: var(--back); border-radius: 8px; padding: 12px; overflow: auto; max-height: 360px }
input { font: inherit; padding: 7px 11px; border: 1px solid #c5ccd5; border-radius: 7px; width: 260px;
  margin-right: 8px }
button { font: inherit; padding: 7px 14px; border: 0; border-radius: 7px; background: var(--act); color: #fff;
  cursor: pointer }
button.quiet { background: none; color: var(--bad); padding: 2px 0 }
article { border-top: 1px solid var(--line); padding: 14px 0 10px }
article:first-of-type { border-top: 0; padding-top: 0 }
.line { display: flex; gap: 16px; align-items: baseline; flex-wrap: wrap }
.good { color: var(--good) }
.bad { color: var(--bad) }
.dim, .empty { color: var(--dim) }
.empty { margin: 10px 0 0 }
.notice { background: #fff8e1; border: 1px solid #ecd9a0; border-radius: 10px; padding: 12px 22px; margin: 20px 0 }
.notice p { margin: 4px 0 }
.fresh code { font-weight: 600; word-break: break-all }
summary { cursor: pointer; color: var(--dim); margin-top: 10px }
"""

# Shows what is new; not while a token is on the page, which would be lost.
SCRIPT = """
setInterval(async () => {
  if (document.hidden || document.getElementById("token")) return;
  if (document.activeElement && document.activeElement.tagName === "INPUT") return;
  try {
    const news = await (await fetch("/sandbox/events?since=LAST")).json();
    if (news.length) location.reload();
  } catch (stopped) { }
}, 2000);
"""
