# What builds stays behind in a stage of its own: pip's leftovers, the sources, the test suites of numpy and pandas.
# Without these suites and without bytecode the image is a fifth smaller, and a run starts a second later.
FROM python:3.12-slim AS build
# The optional extras in the image: docker build --build-arg EXTRAS=rar,midi,storage
ARG EXTRAS=rar,midi
WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY hearpreprocess hearpreprocess
COPY tasks tasks
RUN pip install --no-cache-dir --no-compile --prefix /made "/src[$EXTRAS]" \
    && find /made -type d -name tests -prune -exec rm -rf {} +

FROM python:3.12-slim
COPY --from=build /made /usr/local
# By its number, which is that of the first user of most systems, so that what is made on a mounted folder is theirs.
RUN useradd --uid 1000 --create-home hear && install -d -o hear -g hear /data
USER 1000

# Mount a folder here to keep what is made: docker run -v "$PWD:/data" hearpreprocess esc50 --sample-rates 16000
WORKDIR /data
# The image proves that it can make every task, from generated recordings to tarballs, before anybody gets it.
RUN python -m hearpreprocess.runner all --mode synthetic --sample-rates 16000 --tmp-dir /tmp/proof \
    --tasks-dir /tmp/proof/tasks --tar-dir /tmp/proof/out && rm -rf /tmp/proof
ENTRYPOINT ["python", "-m", "hearpreprocess.runner"]
