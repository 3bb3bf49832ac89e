// What holds a download up, for who has no token: the peer then tells the cause and not the words.
const causes = {
  own_limit: 'held back by a limit of this peer',
  their_limit: 'held back by limits of the sources',
  downlink: 'as fast as the link of this peer',
  uplinks: 'as fast as the links of the sources',
  disk: 'as fast as the disk',
  hashing: 'as fast as it can be hashed',
  processor: 'as fast as the processor',
  no_source: 'nobody who has it is here',
  no_route: 'no source can be connected to',
  missing_pieces: 'nobody here has the missing pieces',
  choked: 'the sources serve others first',
  refused: 'the sources refuse',
  silent: 'the sources send nothing',
  awaiting: 'waits for answers',
  disk_full: 'the disk is full',
  metadata: 'fetches what the share consists of',
  checking: 'checks what is there',
  finishing: 'writes the rest to the disk',
  failed: 'failed',
  cancelled: 'paused',
};

/// `why` is a row of /v1/why, if there is one.
export function wordsOf(download, why) {
  return why?.text || download.why || download.reason || causes[why?.cause] || causes[download.phase] || '';
}
