"""Characters of formulas and their commands in TeX."""

_WORDS = """
α alpha β beta γ gamma δ delta ϵ epsilon ε varepsilon ζ zeta η eta θ theta ϑ vartheta ι iota
κ kappa λ lambda μ mu ν nu ξ xi π pi ϖ varpi ρ rho ϱ varrho σ sigma ς varsigma τ tau υ upsilon
ϕ phi φ varphi χ chi ψ psi ω omega Γ Gamma Δ Delta Θ Theta Λ Lambda Ξ Xi Π Pi Σ Sigma
Υ Upsilon Φ Phi Ψ Psi Ω Omega
× times ÷ div · cdot ⋅ cdot ± pm ∓ mp ∗ ast ∘ circ ∙ bullet ⊕ oplus ⊗ otimes ⊙ odot
≤ leq ≥ geq ⩽ leqslant ⩾ geqslant ≠ neq ≈ approx ≡ equiv ∼ sim ≃ simeq ≅ cong ∝ propto ≪ ll ≫ gg
∈ in ∉ notin ∋ ni ⊂ subset ⊃ supset ⊆ subseteq ⊇ supseteq ∪ cup ∩ cap ∅ emptyset ∖ setminus
∀ forall ∃ exists ¬ neg ∧ wedge ∨ vee ⊥ perp ∥ parallel ∠ angle △ triangle ∵ because ∴ therefore
→ rightarrow ← leftarrow ↔ leftrightarrow ⇒ Rightarrow ⇐ Leftarrow ⇔ Leftrightarrow ↑ uparrow
↓ downarrow ⟶ longrightarrow ↦ mapsto ⇌ rightleftharpoons
∞ infty ∂ partial ∇ nabla ℏ hbar ℓ ell ℜ Re ℑ Im ℵ aleph … ldots ⋯ cdots ⋮ vdots ⋱ ddots
∣ mid ⟨ langle ⟩ rangle ⌊ lfloor ⌋ rfloor ⌈ lceil ⌉ rceil ‖ Vert
"""
_PAIRS = _WORDS.split()

#: Character -> command without its backslash.
COMMANDS = dict(zip(_PAIRS[::2], _PAIRS[1::2], strict=True))

#: Large operators, which carry their limits.
NARY = {
    "∑": "sum",
    "∏": "prod",
    "∐": "coprod",
    "∫": "int",
    "∬": "iint",
    "∭": "iiint",
    "∮": "oint",
    "⋃": "bigcup",
    "⋂": "bigcap",
    "⋁": "bigvee",
    "⋀": "bigwedge",
}
#: Combining characters over a letter, and the like that stand alone, as Word and MathML have them.
ACCENTS = {
    "\u0302": "hat",
    "^": "hat",
    "ˆ": "hat",
    "\u0303": "tilde",
    "~": "tilde",
    "˜": "tilde",
    "\u0304": "bar",
    "\u0305": "overline",
    "¯": "bar",
    "‾": "overline",
    "―": "overline",
    "\u0307": "dot",
    "˙": "dot",
    "\u0308": "ddot",
    "¨": "ddot",
    "\u030c": "check",
    "ˇ": "check",
    "\u0306": "breve",
    "˘": "breve",
    "\u0301": "acute",
    "´": "acute",
    "\u0300": "grave",
    "`": "grave",
    "\u20d7": "vec",
    "→": "vec",
    "\u20d6": "overleftarrow",
}
#: What Word writes over a letter for each accent.
COMBINING = {
    "hat": "\u0302",
    "tilde": "\u0303",
    "bar": "\u0304",
    "dot": "\u0307",
    "ddot": "\u0308",
    "check": "\u030c",
    "breve": "\u0306",
    "acute": "\u0301",
    "grave": "\u0300",
    "vec": "\u20d7",
}
#: Names that TeX has commands for.
FUNCTIONS = frozenset(
    [
        "sin",
        "cos",
        "tan",
        "cot",
        "sec",
        "csc",
        "arcsin",
        "arccos",
        "arctan",
        "sinh",
        "cosh",
        "tanh",
        "coth",
        "ln",
        "lg",
        "log",
        "exp",
        "lim",
        "max",
        "min",
        "sup",
        "inf",
        "det",
        "dim",
        "ker",
        "arg",
        "deg",
        "gcd",
        "Pr",
        "hom",
    ]
)
#: Delimiters as TeX writes them after \left and \right; "" is none.
DELIMITERS = {
    "": ".",
    "(": "(",
    ")": ")",
    "[": "[",
    "]": "]",
    "{": r"\{",
    "}": r"\}",
    "|": "|",
    "∣": "|",
    "‖": r"\|",
    "∥": r"\|",
    "⟨": r"\langle",
    "⟩": r"\rangle",
    "〈": r"\langle",
    "〉": r"\rangle",
    "⌊": r"\lfloor",
    "⌋": r"\rfloor",
    "⌈": r"\lceil",
    "⌉": r"\rceil",
    "/": "/",
}
