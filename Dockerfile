FROM python:3.12-slim

WORKDIR /opt/hearpreprocess
COPY . .
RUN pip install --no-cache-dir '.[rar,midi]' && useradd --create-home hear && install -d -o hear /data

# Mount a folder here to keep what is made: docker run -v "$PWD:/data" hearpreprocess esc50 --sample-rates 16000
USER hear
WORKDIR /data
ENTRYPOINT ["python", "-m", "hearpreprocess.runner"]
