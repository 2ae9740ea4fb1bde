"""All of them, in the order in which they are listed."""

from jaxcollapse.claims.networks import autoencoders, descent, diffusion, early_stopping, language, trained

REFERENCE = None
CLAIMS = (
    *autoencoders.CLAIMS,
    *diffusion.CLAIMS,
    *early_stopping.CLAIMS,
    *descent.CLAIMS,
    *language.CLAIMS,
    *trained.CLAIMS,
)
