console.error('nothing to run here');
