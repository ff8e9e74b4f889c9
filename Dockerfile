# The app alone; models and databases run beside it (docker-compose.yml).
FROM python:3.11-slim-bookworm
WORKDIR /srv/footnote
COPY requirements.lock .
# To read scanned pages.
RUN apt-get update -qq && apt-get install -y -qq --no-install-recommends \
        tesseract-ocr tesseract-ocr-eng tesseract-ocr-rus tesseract-ocr-osd \
    && rm -rf /var/lib/apt/lists/*
# The plain torch wheel brings CUDA; the container embeds on the CPU.
RUN pip install --no-cache-dir --no-deps -r requirements.lock \
    && useradd --create-home --uid 10001 footnote \
    && install -d -o footnote /var/lib/footnote
COPY . .
USER footnote
ENV FOOTNOTE_DATA_DIR=/var/lib/footnote FOOTNOTE_HOST=0.0.0.0 DO_NOT_TRACK=1
VOLUME /var/lib/footnote
EXPOSE 8501
HEALTHCHECK CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8501/health', timeout=5)"]
CMD ["python", "-m", "app"]
