"""Beehive states, fold 0: 576 recordings of 10 min from two hives; is the queen in? Train on hive 1, test on hive 3.

Nolasco et al., Audio-based identification of beehive states, ICASSP 2019 (the recordings of the NU-Hive project).
Link: https://zenodo.org/record/2667806 (licence CC BY 4.0)

HEAR makes two tasks of the two hives, one for each direction, as a model must work on a hive that it has not heard. In
the mode 5h the clips are cut to 30 s, as 10 min are too long for many models.
"""

from hearpreprocess.tasks._beehive_states import beehive_states

config = beehive_states(0, train_hive="hive1", test_hive="hive3", published=(256, 32, 288))
