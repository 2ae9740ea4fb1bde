"""Moniri and Hassani 2025: a student that is trained on a teacher's labels, and does better.

Teacher and student are ridge fits, our ``g = 1`` and ``g = 2``: the teacher sees ``T0`` noisy real labels, the student
``T`` labels that the teacher makes without noise. Penalties are set against ``sigma^2 d/T0``, the best one of the
teacher on isotropic features with a truth of norm one. The sizes are ours: those of the paper are not known to us.
"""

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float

from jaxcollapse.chain.pooled import Replace
from jaxcollapse.chain.simulate import simulate
from jaxcollapse.claims.frame import RIDGE_CHAIN
from jaxcollapse.models.regression.linear_regression import LinearRegression
from jaxcollapse.theory import Spectrum, regression
from jaxcollapse.theory.papers import MONIRI_2025 as REFERENCE
from jaxcollapse.verification.claim import Claim
from jaxcollapse.verification.relation import Asymptotic, AtLeast

_claim = partial(Claim, reference=REFERENCE)
DIM, SAMPLES, NOISE, BEST = 200, 400, 1.0, 0.5
_STUDENTS = np.array([0.05, 0.2, 0.65])
_PAIRS = np.array([(BEST, 0.1), (BEST, 0.5), (2 * BEST, 0.1), (2 * BEST, 0.5)])
_ALIGNED_DIM, _ALIGNED_SAMPLES, _ALIGNED = 60, 120, np.array([0.1, 1.0, 3.0])


def _chain_theory(teacher: Any, student: Any) -> Float[Array, "2"]:
    return regression.ridge_replace(
        Spectrum.isotropic(DIM),
        samples=SAMPLES,
        noise=jnp.array([NOISE, 0.0]),
        penalty=jnp.array([teacher, student]),
        generations=2,
    )


def _chain(key, teacher: Any, student: Any) -> Float[Array, "2"]:
    """The risks of a teacher and of its student."""
    model = LinearRegression(
        Spectrum.isotropic(DIM),
        noise=lambda g: jnp.where(g == 1, NOISE, 0.0),
        penalty=lambda g: jnp.where(g == 1, teacher, student),
    )
    return simulate(model, Replace(), key=key, samples=SAMPLES, generations=2).risk


def _weak_theory() -> Float[Array, " students"]:
    risks = jnp.stack([_chain_theory(0.05 * BEST, student) for student in _STUDENTS])
    return jnp.append(risks[0, 0], risks[:, 1])


def _weak(key) -> Float[Array, " students"]:
    risks = jax.lax.map(lambda student: _chain(key, 0.05 * BEST, student), jnp.asarray(_STUDENTS))
    return jnp.append(risks[0, 0], risks[:, 1])


def _tuned(key) -> Float[Array, " pairs"]:
    return jax.lax.map(lambda pair: _chain(key, *pair)[1], jnp.asarray(_PAIRS))


def _target() -> tuple[Spectrum, Float[Array, " dim"]]:
    """A truth in a quarter of the directions, and a penalty that weighs them a tenth of the others."""
    with jax.ensure_compile_time_eval():
        inside = jnp.arange(_ALIGNED_DIM) < _ALIGNED_DIM // 4
        signal = jnp.where(inside, (_ALIGNED_DIM // 4) ** -0.5, 0.0)
        return Spectrum.from_eigenvalues(jnp.ones(_ALIGNED_DIM), signal), jnp.where(inside, 0.1, 1.0)


def _aligned_theory() -> Float[Array, " students"]:
    """The teacher has plain coordinates, the student weighted ones: the moments of the labels change between them."""
    spectrum, weights = _target()
    clean = (spectrum.signal**2)[None, None]
    fit = regression.ridge_equivalent(
        spectrum, samples=[_ALIGNED_SAMPLES], noise=[NOISE], penalty=BEST, labellers=[[1]], moments=clean
    )
    missed = fit.coefficients[0] - 1  # of the truth, by the mean of the teacher
    truth, cross, square = clean[0, 0], missed * clean[0, 0], missed**2 * clean[0, 0] + fit.variance
    moments = weights * jnp.stack([jnp.stack([truth, cross]), jnp.stack([cross, square])])
    seen = spectrum.weighted(weights)
    risks = [fit.risk(spectrum, moments=clean)]
    for penalty in _ALIGNED:
        student = regression.ridge_equivalent(
            seen, samples=[_ALIGNED_SAMPLES], noise=[0], penalty=penalty, labellers=[[1, 1]], moments=moments
        )
        risks.append(student.risk(seen, moments=moments))
    return jnp.stack(risks)


def _aligned(key) -> Float[Array, " students"]:
    spectrum, weights = _target()
    teacher_key, student_key = jax.random.split(key)
    teacher, sizes = (
        LinearRegression(spectrum, noise=NOISE, penalty=BEST),
        dict(samples=_ALIGNED_SAMPLES, generations=1),
    )
    taught = simulate(teacher, Replace(), key=teacher_key, truth=spectrum.signal, **sizes)

    def risk(penalty):
        student = LinearRegression(spectrum.weighted(weights), noise=0.0, penalty=penalty)
        labels = jnp.sqrt(weights) * taught.params[0]
        return simulate(student, Replace(), key=student_key, truth=labels, **sizes).risk[0]

    return jnp.append(taught.risk, jax.lax.map(risk, jnp.asarray(_ALIGNED)))


TOUR = "moniri-tuned-teacher"
CLAIMS = (
    _claim(
        name="moniri-weak-teacher",
        statement="A student with a penalty of its own beats a teacher that had too small a one, by a third here.",
        theory=_weak_theory,
        experiment=_weak,
        relation=Asymptotic(allowance=0.01, tolerance=0.01),
        formula=RIDGE_CHAIN,
        protocol="Isotropic, d = 200, T₀ = T = 400, σ = 1, |w₀| = 1; teacher λ = 0.025, a twentieth of its best.",
        labels=("teacher", *(f"student, λ = {penalty:g}" for penalty in _STUDENTS)),
        quantity="excess risk",
        first_look=1024,
    ),
    _claim(
        name="moniri-tuned-teacher",
        statement="A student gains nothing from a penalty if its teacher had its best one, or a larger one.",
        theory=lambda: jnp.stack([_chain_theory(*pair)[0] for pair in _PAIRS]),
        experiment=_tuned,
        relation=AtLeast(),
        formula="E(student) ≥ E(teacher) for λ(teacher) ≥ σ² d/(T₀ |w₀|²); the best λ(student) is zero",
        protocol="Isotropic, d = 200, T₀ = T = 400, σ = 1, |w₀| = 1; the line is the risk of the teacher.",
        labels=tuple(f"teacher λ = {teacher:g}, student λ = {student:g}" for teacher, student in _PAIRS),
        quantity="excess risk of the student",
        first_look=1024,
    ),
    _claim(
        name="moniri-aligned-student",
        statement="A student whose penalty spares the directions of the truth beats the best plain teacher.",
        theory=_aligned_theory,
        experiment=_aligned,
        relation=Asymptotic(allowance=0.01, tolerance=0.01),
        formula="weights γ: ridge regression on Γ^(−1/2)ΣΓ^(−1/2) and Γ^(1/2) w₀, D = ev/(ev + κ γ)",
        protocol=(
            "Isotropic, d = 60, T₀ = T = 120, σ = 1; the truth lies in 15 directions, γ is 0.1 there and 1 elsewhere; "
            "teacher λ = 0.5, its best."
        ),
        labels=("teacher", *(f"student, λ = {penalty:g}" for penalty in _ALIGNED)),
        quantity="excess risk",
        first_look=1024,
    ),
)
