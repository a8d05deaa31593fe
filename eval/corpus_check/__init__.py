"""The starter corpus against the texts it was written from: `python -m eval corpus`.

Every statement of a digest names the article it stands on. Each of those articles is looked up in the newest text in
force among the reference texts (`../shared/corpus/laws`) and compared with the sentence: its numbers must stand there,
its wording must not be copied from there, its words should occur there.
"""
