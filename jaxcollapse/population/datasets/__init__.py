"""Real data: images with their labels, measurements in columns, conformers of molecules, and text.

All but what is read from a file of your own, and what rdkit makes, comes along or is drawn here; text is Python's own.
"""

from jaxcollapse.population.datasets.language import Corpus as Corpus
from jaxcollapse.population.datasets.language import pieces as pieces
from jaxcollapse.population.datasets.language import text as text
from jaxcollapse.population.datasets.molecules import Conformers as Conformers
from jaxcollapse.population.datasets.molecules import alkane as alkane
from jaxcollapse.population.datasets.molecules import conformers as conformers
from jaxcollapse.population.datasets.molecules import etkdg as etkdg
from jaxcollapse.population.datasets.molecules import torsion_law as torsion_law
from jaxcollapse.population.datasets.pictures import digits as digits
from jaxcollapse.population.datasets.pictures import images as images
from jaxcollapse.population.datasets.pictures import load as load
from jaxcollapse.population.datasets.tables import breast_cancer as breast_cancer
from jaxcollapse.population.datasets.tables import wine as wine
