"""Sample design 样本设计: how many units each stratum needs, and what each unit is worth.

Arrays in, arrays out. A plan is a draft: the sample is changed by whoever may change it.
"""
