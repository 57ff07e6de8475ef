"""The names that LaTeX has for functions, operators and characters."""

from __future__ import annotations

from solver.render.glyphs import NAMES

FUNCTIONS = {
    *("arg", "cos", "cosh", "cot", "det", "dim", "exp", "inf", "ker", "lim", "ln", "log", "max", "min"),
    *("sec", "sin", "sinh", "sup", "tan", "tanh"),
}
OPERATORS = {
    *("softmax", "log-softmax", "logsumexp", "softplus", "sigmoid", "relu", "ReLU", "leaky-relu", "elu"),
    *("ELU", "gelu", "GELU", "erf", "step", "sign", "argmax", "argmin", "diag", "tr", "trace", "rank", "vec"),
    *(
        "mean",
        "sum",
        "norm",
        "outer",
        "dot",
        "conv",
        "pool",
        "Var",
        "Cov",
        "H",
        "bce",
        "BCE",
        "CE",
        "mse",
        "MSE",
    ),
}
BIG = {"∑": r"\sum", "∏": r"\prod", "∫": r"\int", "max": r"\max", "min": r"\min", "lim": r"\lim"}

COMMANDS = {letter: "\\" + name for letter, name in NAMES.items() if letter.islower() and name != "omicron"}
COMMANDS |= {letter: "\\" + NAMES[letter] for letter in "ΓΔΘΛΞΠΣΥΦΨΩ"}
COMMANDS |= {
    letter: rf"\mathrm{{{look}}}" for letter, look in zip("ΑΒΕΖΗΙΚΜΝΟΡΤΧ", "ABEZHIKMNOPTX", strict=True)
}
COMMANDS |= {"ο": "o", "ϵ": r"\epsilon", "ε": r"\varepsilon", "ς": r"\varsigma", "ϑ": r"\vartheta"}
COMMANDS |= {"ϕ": r"\phi", "φ": r"\varphi", "ϱ": r"\varrho", "ϖ": r"\varpi", "ℓ": r"\ell"}
COMMANDS |= {letter: rf"\mathbb{{{look}}}" for letter, look in zip("ℝℕℤℚℂℙ𝔼𝟙", "RNZQCPE1", strict=True)}
COMMANDS |= {
    **{"−": "-", "·": r"\cdot", "⋅": r"\cdot", "×": r"\times", "÷": r"\div", "⊙": r"\odot", "⊗": r"\otimes"},
    **{"∗": r"\ast", "⋆": r"\star", "∘": r"\circ", "±": r"\pm", "≈": r"\approx", "≤": r"\le", "≥": r"\ge"},
    **{"≠": r"\ne", "≡": r"\equiv", "∼": r"\sim", "≃": r"\simeq", "∝": r"\propto", "≪": r"\ll", "≫": r"\gg"},
    **{"←": r"\leftarrow", "→": r"\to", "⇒": r"\Rightarrow", "⇐": r"\Leftarrow", "⇔": r"\Leftrightarrow"},
    **{"↦": r"\mapsto", "∈": r"\in", "∉": r"\notin", "∪": r"\cup", "∩": r"\cap", "∅": r"\varnothing"},
    **{"∀": r"\forall", "∃": r"\exists", "¬": r"\neg", "∧": r"\wedge", "∨": r"\vee", "∂": r"\partial"},
    **{"∇": r"\nabla", "∞": r"\infty", "∑": r"\sum", "∏": r"\prod", "∣": r"\mid", "⊤": r"\top", "ᵀ": r"\top"},
    **{"⋯": r"\cdots", "…": r"\dots", "⋮": r"\vdots", "⋱": r"\ddots", "′": r"\prime", "*": "*", "|": "|"},
    **{"%": r"\%", "#": r"\#", "&": r"\&", "$": r"\$", "_": r"\_", "{": r"\{", "}": r"\}", "~": r"\sim"},
    **{"\\": r"\backslash", "°": r"^{\circ}"},
}
