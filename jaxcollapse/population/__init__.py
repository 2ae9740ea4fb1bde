"""What the real data is: spectra, rows of features, kernels, tables."""

from jaxcollapse.population.spectrum import Spectrum as Spectrum
