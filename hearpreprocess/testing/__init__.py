"""What a test of a task needs: made-up recordings, archives, synthetic corpora, and the contract that every task keeps.

`sounds.recording` makes audio, `archives.write_zip` an archive, `corpora.write` a whole synthetic corpus, and
`contract.problems` looks through a task module of one's own as the project's tests look through the built-in ones.
"""
