"""Groups of vectors that are alike: pure maths on matrices of distances and similarities."""

from sonovox.clustering.agglomerative import agglomerative_clustering
from sonovox.clustering.k_means import k_means
from sonovox.clustering.spectral import Eigengap, largest_eigengap, spectral_clustering

__all__ = ["Eigengap", "agglomerative_clustering", "k_means", "largest_eigengap", "spectral_clustering"]
