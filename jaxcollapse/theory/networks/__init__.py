"""Closed forms of loops of networks: linear ones (autoencoders, diffusion, early stopping), and language models.

A linear network is a function of eigenvalues, a language model near its optimum three matrices, a workflow a matrix of
weights: the functions here take them, and hold for every workflow unless they say otherwise.
"""

from jaxcollapse.theory.networks.bigram import BigramLoss as BigramLoss
from jaxcollapse.theory.networks.bigram import bigram_smoothed_accumulate as bigram_smoothed_accumulate
from jaxcollapse.theory.networks.bigram import bigram_smoothed_replace as bigram_smoothed_replace
from jaxcollapse.theory.networks.bigram import edited_excess as edited_excess
from jaxcollapse.theory.networks.bigram import edited_rows as edited_rows
from jaxcollapse.theory.networks.cross_entropy import Matrices as Matrices
from jaxcollapse.theory.networks.cross_entropy import burstiness as burstiness
from jaxcollapse.theory.networks.cross_entropy import drift as drift
from jaxcollapse.theory.networks.cross_entropy import excess as excess
from jaxcollapse.theory.networks.cross_entropy import matrices as matrices
from jaxcollapse.theory.networks.denoisers import denoised_mix_limit as denoised_mix_limit
from jaxcollapse.theory.networks.denoisers import reconstruction as reconstruction
from jaxcollapse.theory.networks.early_stopping import early_stopping_exponent as early_stopping_exponent
from jaxcollapse.theory.networks.early_stopping import early_stopping_squared_error as early_stopping_squared_error
from jaxcollapse.theory.networks.filters import Filter as Filter
from jaxcollapse.theory.networks.filters import ancestral as ancestral
from jaxcollapse.theory.networks.filters import ddim as ddim
from jaxcollapse.theory.networks.filters import ideal_diffusion as ideal_diffusion
from jaxcollapse.theory.networks.filters import soft_threshold as soft_threshold
from jaxcollapse.theory.networks.filters import temperature as temperature
from jaxcollapse.theory.networks.probabilistic_pca import noise_floor as noise_floor
from jaxcollapse.theory.networks.shrinkage import gradient_descent as gradient_descent
from jaxcollapse.theory.networks.shrinkage import gradient_flow as gradient_flow
from jaxcollapse.theory.networks.shrinkage import ridge_shrinkage as ridge_shrinkage
from jaxcollapse.theory.networks.spectral_chain import SpectralMoments as SpectralMoments
from jaxcollapse.theory.networks.spectral_chain import collapse_time as collapse_time
from jaxcollapse.theory.networks.spectral_chain import moments as moments
from jaxcollapse.theory.networks.spectral_chain import orbit as orbit
from jaxcollapse.theory.networks.spectral_chain import survives as survives
from jaxcollapse.theory.networks.spectral_chain import trace as trace
from jaxcollapse.theory.regression.descent import Shrinkage as Shrinkage
