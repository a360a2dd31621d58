"""The ML Test Score of a model: 28 tests of how ready it is for production.

After E. Breck, S. Cai, E. Nielsen, M. Salib, D. Sculley: The ML Test Score: A Rubric for ML
Production Readiness and Technical Debt Reduction. IEEE Big Data, 2017.
"""
